// What an agent sees of a page, and what it can do: elements by number, through frames.
"use strict";
window.agentView = (() => {
  const SKIP_TAGS = new Set(["SCRIPT", "STYLE", "HEAD", "LINK", "META", "TEMPLATE", "NOSCRIPT"]);
  let skipped = new Set();
  let refs = new WeakMap(), elements = new Map(), next = 1;

  function clear() {
    refs = new WeakMap();
    elements = new Map();
    next = 1;
  }

  // Elements of these ids are never shown, nor what is in them.
  function skip(ids) {
    skipped = new Set(ids);
  }

  function number(element) {
    let ref = refs.get(element);
    if (ref === undefined) {
      ref = next++;
      refs.set(element, ref);
      elements.set(ref, element);
    }
    return ref;
  }

  function attributes(element) {
    const found = {};
    if (element.id) found.id = element.id;
    const name = element.getAttribute("class");
    if (name && name.trim()) found.class = name.trim().replace(/\s+/g, " ");
    for (const key of ["type", "name"]) {
      const value = element.getAttribute(key);
      if (value) found[key] = value;
    }
    const tag = element.tagName;
    if (tag === "INPUT" && !["checkbox", "radio"].includes(element.type)) found.value = element.value;
    if (tag === "TEXTAREA" || tag === "SELECT") found.value = element.value;
    if (element.checked) found.checked = "";
    if (element.disabled) found.disabled = "";
    return found;
  }

  // Children of a node that can be seen; an element without a size of its own gives way to them.
  function children(parent) {
    const found = [];
    for (const child of parent.childNodes) {
      if (child.nodeType === 3) {
        const text = child.data.replace(/\s+/g, " ").trim();
        if (text) found.push(text);
      } else if (child.nodeType === 1) {
        found.push(...seen(child));
      }
    }
    return found;
  }

  function seen(element) {
    if (SKIP_TAGS.has(element.tagName) || skipped.has(element.id)) return [];
    const style = element.ownerDocument.defaultView.getComputedStyle(element);
    if (style.display === "none") return [];
    const box = element.getBoundingClientRect();
    if (element.tagName === "IFRAME") {
      if (!box.width || !box.height || !element.contentDocument) return [];
      return [{ t: "div", r: number(element), a: {}, c: children(element.contentDocument.body) }];
    }
    const inner = element.tagName === "TEXTAREA" ? [] : children(element);
    if (style.visibility === "hidden") return inner.filter((part) => typeof part !== "string");
    if (!box.width || !box.height) {
      return element.tagName === "OPTION" ? [node(element, inner)]
        : inner.filter((part) => typeof part !== "string");
    }
    return [node(element, inner)];
  }

  function node(element, inner) {
    return { t: element.tagName.toLowerCase(), r: number(element), a: attributes(element), c: inner };
  }

  // Timers that were due before this one have run when it is over.
  const settle = () => new Promise((done) => setTimeout(done, 4));

  async function observe() {
    await settle();
    await settle();
    return children(document.body).filter((part) => typeof part !== "string");
  }

  // Middle of the element in the window, after scrolling; whether something else lies there.
  function locate(ref) {
    const element = elements.get(ref);
    if (!element || !element.isConnected) return null;
    element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const rect = element.getClientRects()[0] || element.getBoundingClientRect();
    let x = rect.left + rect.width / 2, y = rect.top + rect.height / 2;
    const hit = element.ownerDocument.elementFromPoint(x, y);
    const covered = !(hit && (hit === element || element.contains(hit)));
    const box = element.getBoundingClientRect();
    let left = box.left, top = box.top;
    let view = element.ownerDocument.defaultView;
    while (view !== window && view.frameElement) {
      const frame = view.frameElement.getBoundingClientRect();
      x += frame.left; y += frame.top; left += frame.left; top += frame.top;
      view = view.parent;
    }
    return { x, y, covered, type: element.type || "", disabled: !!element.disabled,
             box: [left + window.scrollX, top + window.scrollY, box.width, box.height] };
  }

  function focused(ref) {
    const element = elements.get(ref);
    return !!element && !element.disabled && element.ownerDocument.activeElement === element;
  }

  function click(ref) {
    const element = elements.get(ref);
    if (!element || !element.isConnected) return false;
    if (typeof element.focus === "function") element.focus();
    if (typeof element.click === "function") element.click();
    else element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    return true;
  }

  function put(ref, text) {
    const element = elements.get(ref);
    if (!element || !element.isConnected || !("value" in element)) return false;
    element.focus();
    if (element.disabled || element.ownerDocument.activeElement !== element) return false;
    element.value = text;
    const view = element.ownerDocument.defaultView;
    const key = text.slice(-1);
    // An element's own key handlers read its value, so the value comes first.
    element.dispatchEvent(new view.KeyboardEvent("keydown", { bubbles: true, key }));
    element.dispatchEvent(new view.Event("input", { bubbles: true }));
    element.dispatchEvent(new view.KeyboardEvent("keyup", { bubbles: true, key }));
    element.dispatchEvent(new view.Event("change", { bubbles: true }));
    return true;
  }

  function emptied(ref) {
    const element = elements.get(ref);
    if (element && typeof element.select === "function") element.select();
  }

  function choose(ref, option) {
    const element = elements.get(ref);
    if (!element || element.tagName !== "SELECT") return false;
    const found = [...element.options].find((o) => o.value === option || o.text.trim() === option);
    if (!found) return false;
    element.value = found.value;
    element.dispatchEvent(new element.ownerDocument.defaultView.Event("change", { bubbles: true }));
    return true;
  }

  return { clear, skip, number, observe, settle, locate, focused, click, put, emptied, choose };
})();
