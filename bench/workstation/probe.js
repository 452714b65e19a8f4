// Runs in the page before anything else: when a picture stands in the largest canvas, and when it has stopped changing.
(() => {
  const SIDE = 48;
  const scratch = document.createElement("canvas");
  scratch.width = scratch.height = SIDE;
  const pen = scratch.getContext("2d", { willReadFrequently: true });
  const seen = { first_ms: 0, changed_ms: 0, sum: 0, width: 0, height: 0 };

  function largest() {
    let best = null;
    for (const canvas of document.querySelectorAll("canvas")) {
      const box = canvas.getBoundingClientRect();
      if (box.width * box.height > 200 * 200 && (!best || box.width * box.height > best.area)) best = { canvas, area: box.width * box.height };
    }
    return best?.canvas ?? null;
  }

  // Grey values of a small copy of the canvas; reading them waits for whatever is being drawn.
  function look(canvas) {
    pen.drawImage(canvas, 0, 0, SIDE, SIDE);
    const { data } = pen.getImageData(0, 0, SIDE, SIDE);
    let [sum, squares, hash] = [0, 0, 0];
    for (let at = 0; at < data.length; at += 4) {
      sum += data[at];
      squares += data[at] * data[at];
      hash = (hash * 31 + data[at] + 7 * data[at + 1]) | 0;
    }
    const mean = sum / (SIDE * SIDE);
    return { hash, spread: Math.sqrt(Math.max(0, squares / (SIDE * SIDE) - mean * mean)) };
  }

  const watch = setInterval(() => {
    const canvas = largest();
    if (!canvas?.width || !canvas.height) return;
    const { hash, spread } = look(canvas);
    if (spread < 6) return;
    const now = performance.now();
    if (!seen.first_ms) seen.first_ms = now;
    if (hash !== seen.sum) [seen.sum, seen.changed_ms] = [hash, now];
    const box = canvas.getBoundingClientRect();
    [seen.width, seen.height] = [box.width, box.height];
  }, 10);

  // After all that the page does in its next frame, in whatever order it asked for it.
  const drawn = () =>
    new Promise((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = resolve;
      requestAnimationFrame(() => channel.port2.postMessage(0));
    });

  // One move of the pointer after another, each as soon as the picture has followed the one before.
  async function moves(count, send) {
    clearInterval(watch);
    const canvas = largest();
    const times = [];
    let [missed, looks] = [0, 0];
    let before = look(canvas).hash;
    for (let number = 1; number <= count; number++) {
      const begun = performance.now();
      send(number);
      let hash = before;
      do {
        await drawn();
        hash = look(canvas).hash;
        looks++;
      } while (hash === before && performance.now() - begun < 5000);
      if (hash === before) missed++;
      else times.push(performance.now() - begun);
      before = hash;
    }
    return { times, missed, looks, canvas: [canvas.width, canvas.height], size: canvas.dataset.size ?? "" };
  }

  // Both viewers change the window while the first button is down: one hears the pointer, the other the mouse.
  function drag(count, x, y) {
    const target = document.elementFromPoint(x, y);
    return moves(count, (number) => {
      const at = { clientX: x + 2 * number, clientY: y + number, screenX: x + 2 * number, screenY: y + number };
      const about = { ...at, bubbles: true, cancelable: true, buttons: 1, button: 0, pointerId: 1, pointerType: "mouse", isPrimary: true, view: window };
      target.dispatchEvent(new PointerEvent("pointermove", { ...about, button: -1 }));
      target.dispatchEvent(new MouseEvent("mousemove", about));
    });
  }

  function press(count, key, ctrlKey = false) {
    const about = { key, ctrlKey, code: `Key${key.toUpperCase()}`, bubbles: true, cancelable: true };
    return moves(count, () => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", about));
      document.body.dispatchEvent(new KeyboardEvent("keyup", about));
    });
  }

  const click = (count, selector) => moves(count, () => document.querySelector(selector).click());

  Object.defineProperty(window, "__probe", { value: { seen, drag, press, click } });
})();
