// Compiles what nearly every test in a guest needs, into the folder that NODE_COMPILE_CACHE names; nothing of it is run.
import { flushCompileCache } from 'node:module';
import '../guest/balancer.ts';
import '../guest/client-agent.ts';
import '../guest/topology.ts';
import '../../conformance/test-driver.ts';
import '../../xdp/on-rig.ts';
import '../../xdp/site.ts';
import '../../xdp/world.ts';
import './test-events.ts';

flushCompileCache();
