// Draws boxes and arrows as SVG: plain shapes, colours for light and dark, text that search finds. Pure.

export interface Box {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly title: string;
  readonly lines?: readonly string[];
  /** `ours` stands out, `quiet` steps back, `group` holds others. */
  readonly kind?: 'ours' | 'quiet' | 'group';
}

type Side = 'left' | 'right' | 'top' | 'bottom';

export interface Arrow {
  /** `box.side`, with an offset along that side where several meet: `lb.right+20`. */
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  /** `answer` is the way back of a packet, `control` what is no packet of a client. */
  readonly kind?: 'request' | 'answer' | 'control';
  /** Corners between the ends. */
  readonly via?: readonly (readonly [x: number, y: number])[];
  /** Where the label stands; else the middle of the longest stretch. */
  readonly labelAt?: readonly [x: number, y: number];
}

export interface Picture {
  readonly name: string;
  /** What it shows, for those who do not see it. */
  readonly title: string;
  readonly w: number;
  readonly h: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

const STYLE = `
    .box { fill: #ffffff; stroke: #57606a; } .ours { fill: #dbeafe; stroke: #1d4ed8; } .quiet { fill: #f3f4f6; stroke: #9ca3af; }
    .group { fill: none; stroke: #9ca3af; stroke-dasharray: 4 4; }
    .title { fill: #111827; font-weight: 600; } .line { fill: #374151; font-size: 12px; } .label { fill: #374151; font-size: 12px; }
    .request { stroke: #1d4ed8; } .answer { stroke: #15803d; stroke-dasharray: 6 3; } .control { stroke: #9ca3af; stroke-dasharray: 2 3; }
    .tip-request { fill: #1d4ed8; } .tip-answer { fill: #15803d; } .tip-control { fill: #9ca3af; }
    .arrow { fill: none; stroke-width: 2; } text { font-family: system-ui, sans-serif; font-size: 14px; }
    .halo { stroke: #ffffff; stroke-width: 4; paint-order: stroke; }
    @media (prefers-color-scheme: dark) {
      .box { fill: #1f2937; stroke: #9ca3af; } .ours { fill: #1e3a8a; stroke: #93c5fd; } .quiet { fill: #111827; stroke: #6b7280; }
      .group { fill: none; stroke: #6b7280; } .title { fill: #f9fafb; } .line, .label { fill: #d1d5db; } .halo { stroke: #0d1117; }
      .request { stroke: #93c5fd; } .answer { stroke: #86efac; } .control { stroke: #6b7280; }
      .tip-request { fill: #93c5fd; } .tip-answer { fill: #86efac; } .tip-control { fill: #6b7280; }
    }`;

export function draw({ title, w, h, boxes, arrows }: Picture): string {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const tips = ['request', 'answer', 'control']
    .map(
      (kind) =>
        `<marker id="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip-${kind}" d="M0 0L8 4L0 8z"/></marker>`,
    )
    .join('');
  const body = [...boxes.map(drawBox), ...arrows.map((arrow) => drawArrow(arrow, byId))];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="${escapeXml(title)}">
  <title>${escapeXml(title)}</title>
  <style>${STYLE}
  </style>
  <defs>${tips}</defs>
  ${body.join('\n  ')}
</svg>
`;
}

function drawBox({ x, y, w, h, title, lines = [], kind }: Box): string {
  const middle = x + w / 2;
  const rect = `<rect class="${kind === undefined ? 'box' : `box ${kind}`}" x="${x}" y="${y}" width="${w}" height="${h}" rx="6"/>`;
  if (kind === 'group')
    return `${rect}<text class="line" x="${x + 10}" y="${y + 18}">${escapeXml(title)}</text>`;
  const first = y + h / 2 + 5 - lines.length * 8;
  const rows = lines.map(
    (line, i) =>
      `<text class="line" x="${middle}" y="${first + 17 + i * 16}" text-anchor="middle">${escapeXml(line)}</text>`,
  );
  return `${rect}<text class="title" x="${middle}" y="${first}" text-anchor="middle">${escapeXml(title)}</text>${rows.join('')}`;
}

function drawArrow(arrow: Arrow, boxes: ReadonlyMap<string, Box>): string {
  const { kind = 'request', via = [], label } = arrow;
  const points = [placeOf(arrow.from, boxes), ...via, placeOf(arrow.to, boxes)];
  const path = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const line = `<path class="arrow ${kind}" d="${path}" marker-end="url(#${kind})"/>`;
  if (label === undefined) return line;
  const [x, y] = arrow.labelAt ?? middleOf(points);
  return `${line}<text class="label halo" x="${x}" y="${y}" text-anchor="middle">${escapeXml(label)}</text>`;
}

function placeOf(place: string, boxes: ReadonlyMap<string, Box>): readonly [number, number] {
  const [, id = '', side = '', offset = '0'] =
    /^([\w-]+)\.(left|right|top|bottom)([+-]\d+)?$/.exec(place) ?? [];
  const box = boxes.get(id);
  if (box === undefined) throw new Error(`Cannot draw an arrow to "${place}" as there is no such box`);
  const { x, y, w, h } = box;
  const along = Number(offset ?? 0);
  const places: Readonly<Record<Side, readonly [number, number]>> = {
    left: [x, y + h / 2 + along],
    right: [x + w, y + h / 2 + along],
    top: [x + w / 2 + along, y],
    bottom: [x + w / 2 + along, y + h],
  };
  return places[side as Side];
}

/** Above the middle of the longest stretch. */
function middleOf(points: readonly (readonly [number, number])[]): readonly [number, number] {
  let best: readonly [number, number] = points[0]!;
  let longest = -1;
  for (let i = 1; i < points.length; i++) {
    const [[ax, ay], [bx, by]] = [points[i - 1]!, points[i]!];
    const length = Math.hypot(bx - ax, by - ay);
    if (length > longest) {
      longest = length;
      best = [(ax + bx) / 2, (ay + by) / 2 - 6];
    }
  }
  return best;
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
