// Finds pages by their words, in the reader's browser: no server. The index is loaded at the first key.
const up = document.currentScript.dataset.up;
const field = document.getElementById('search');
const found = document.getElementById('found');
const MOST = 12;
let index;

/** A script and no fetch: pages opened from disk may load the one and not the other. */
async function load() {
  index ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${up}/search-index.js`;
    script.onload = () => resolve(window.searchIndex);
    script.onerror = reject;
    document.head.append(script);
  });
  return index;
}

function score(page, words) {
  let sum = 0;
  for (const word of words) {
    const inTitle = page.title.toLowerCase().includes(word);
    const inHeading = page.headings.some((one) => one.text.toLowerCase().includes(word));
    const at = page.lower.indexOf(word);
    if (!inTitle && !inHeading && at === -1) return 0;
    sum += (inTitle ? 8 : 0) + (inHeading ? 4 : 0) + 1;
  }
  return sum;
}

function row(page, words) {
  const heading = page.headings.find((one) => words.some((word) => one.text.toLowerCase().includes(word)));
  const at = Math.max(0, page.lower.indexOf(words[0]));
  const item = document.createElement('li');
  const link = document.createElement('a');
  link.href = `${up}/${page.path}${heading === undefined ? '' : `#${heading.id}`}`;
  link.append(heading === undefined ? page.title : `${page.title}: ${heading.text}`);
  const piece = document.createElement('small');
  piece.textContent = `… ${page.text.slice(Math.max(0, at - 40), at + 100)} …`;
  link.append(piece);
  item.append(link);
  return item;
}

async function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const pages = await load();
  const hits = pages
    .map((page) => ({ page, points: words.length === 0 ? 0 : score(page, words) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, MOST);
  found.replaceChildren(...hits.map(({ page }) => row(page, words)));
  found.hidden = words.length === 0;
  if (hits.length === 0 && words.length > 0) {
    const nothing = document.createElement('li');
    nothing.textContent = 'Nothing found';
    nothing.style.padding = '0.5rem 0.8rem';
    found.append(nothing);
  }
}

field.addEventListener('input', show);
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') found.hidden = true;
  if (event.key === '/' && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  }
});
