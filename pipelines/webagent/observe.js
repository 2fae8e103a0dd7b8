// Numbers every element of the page, once a page, and gives its text as it is now: what was typed,
// ticked and chosen stands in the attributes. arguments[0]: 0 for the order of the page, another
// number for an order that follows from it, so that a number says nothing about a place.
"use strict";
const seed = arguments[0];
const fresh = [...document.body.querySelectorAll("*")].filter((e) => !e.hasAttribute("data-ref"));
const taken = window.agentRefs || 0;
const numbers = fresh.map((_, n) => taken + n + 1);
let state = seed >>> 0;
// The generator that is known as mulberry32.
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let x = Math.imul(state ^ (state >>> 15), state | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
};
for (let n = seed ? numbers.length - 1 : 0; n > 0; n--) {
  const other = Math.floor(random() * (n + 1));
  [numbers[n], numbers[other]] = [numbers[other], numbers[n]];
}
fresh.forEach((element, n) => element.setAttribute("data-ref", numbers[n]));
window.agentRefs = taken + fresh.length;
if (!window.agentWatches) {
  window.agentWatches = true;
  // The page will be another one soon, even if nothing of it can be seen yet.
  addEventListener("submit", (event) => {
    if (!event.defaultPrevented) window.agentLeaves = true;
  });
  addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    const goes = link && !link.getAttribute("href").includes("#");
    if (goes && !event.defaultPrevented) window.agentLeaves = true;
  });
}
for (const element of document.querySelectorAll("input, option, textarea")) {
  if (element.type === "checkbox" || element.type === "radio") {
    element.toggleAttribute("checked", element.checked);
  } else if (element.tagName === "OPTION") {
    element.toggleAttribute("selected", element.selected);
  } else if (element.tagName === "TEXTAREA") {
    if (element.textContent !== element.value) element.textContent = element.value;
  } else if (element.type !== "hidden") {
    element.setAttribute("value", element.value);
  }
}
return [location.href, document.body.outerHTML];
