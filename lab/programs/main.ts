// Runs a program of a lab from the source tree, without the start-up of the whole command line.
import { runProgram } from './run-program.ts';

runProgram(process.argv.slice(2));
