// Writes the pictures of docs/pictures from tools/pictures, and holds the committed files to it.
import { isMain, ROOT, report } from './lib/finding.ts';
import { writeOrCheck } from './lib/generated.ts';
import { draw } from './pictures/draw.ts';
import { PICTURES } from './pictures/pictures.ts';

if (isMain(import.meta)) {
  const files = new Map(PICTURES.map((picture) => [`docs/pictures/${picture.name}.svg`, draw(picture)]));
  report(writeOrCheck(ROOT, files, process.argv.slice(2)));
}
