// Draws HTML that was made in Python, and keeps one's place while it changes: what is the same stays the same element,
// with its focus and its scroll position. Links open pages without loading everything anew.

const boards = new WeakMap();

export default function ({ data, parentElement }) {
  let board = boards.get(parentElement);
  if (!board || !board.isConnected) {
    board = document.createElement("div");
    board.className = "board";
    board.addEventListener("click", follow);
    board.addEventListener("keydown", (event) => rove(event, board));
    parentElement.append(board);
    boards.set(parentElement, board);
  }
  const wanted = document.createElement("template");
  wanted.innerHTML = data.html;
  const focused = parentElement.activeElement ?? document.activeElement;
  patchChildren(board, wanted.content);
  if (focused && focused !== document.activeElement && board.contains(focused)) focused.focus({ preventScroll: true });
  for (const group of board.querySelectorAll("[data-roving]")) oneTabStop(group);
}

function patch(old, now) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== now.nodeValue) old.nodeValue = now.nodeValue;
    return;
  }
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  // Whether details are open is the reader's, and which cell the tab key reaches is the map's.
  for (const { name } of [...old.attributes])
    if (!now.hasAttribute(name) && name !== "open" && name !== "tabindex") old.removeAttribute(name);
  patchChildren(old, now);
}

function patchChildren(old, now) {
  const keyed = new Map([...old.childNodes].filter(keyOf).map((each) => [keyOf(each), each]));
  let place = old.firstChild;
  for (const wanted of [...now.childNodes]) {
    const key = keyOf(wanted);
    const found = key ? keyed.get(key) : place && !keyOf(place) ? place : null;
    if (found && found.nodeName === wanted.nodeName) {
      if (found === place) place = place.nextSibling;
      else old.insertBefore(found, place);
      patch(found, wanted);
    } else {
      old.insertBefore(wanted, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined;
}

// A link within the dashboard is followed as the browser's own forward button would: Streamlit goes to where the address
// says, without loading everything anew, and the way back is as long as the way there.
function follow(event) {
  const link = event.target.closest("a[data-page]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  window.dispatchEvent(new PopStateEvent("popstate"));
}

// Of many cells the tab key reaches one; from there the arrow keys go on, as in a table.
function oneTabStop(group) {
  const cells = [...group.children];
  const stop = cells.find((cell) => cell.tabIndex === 0 && cell.hasAttribute("tabindex")) ?? cells[0];
  for (const cell of cells) cell.tabIndex = cell === stop ? 0 : -1;
}

function rove(event, board) {
  const cell = event.target.closest("[data-roving] > *");
  if (!cell) return;
  const cells = [...cell.parentElement.children];
  const at = cells.indexOf(cell);
  const row = cells.filter((each) => each.offsetTop === cells[0].offsetTop).length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -at, End: cells.length - 1 - at };
  const to = cells[at + steps[event.key]];
  if (!to) return;
  event.preventDefault();
  cell.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}
