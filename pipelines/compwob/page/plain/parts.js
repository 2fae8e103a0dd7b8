// Parts of plain pages: each draws its controls, says what it asks for and knows whether it is done.
//
// A part is {say, doing, draw(into), right()}: its request as an imperative and as a gerund, without
// the button; its controls; whether they stand as asked. Parts without `right` are done by a click.
"use strict";
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const shuffled = (list) => {
  const left = [...list], found = [];
  while (left.length) found.push(...left.splice(Math.floor(Math.random() * left.length), 1));
  return found;
};
const some = (list, n) => shuffled(list).slice(0, n);
const COLOURS = ["red", "green", "blue", "brown", "white", "black", "grey"];
const NAMES = ["Ada", "Bo", "Cyd", "Dan", "Eve", "Finn", "Gil", "Hal"];
const LETTERS = ["Q", "O", "x7", "wt", "9Kx", "dTf", "Lm", "zz", "aB", "rr3"];
const NOUNS = ["lorem", "ipsum", "dolor", "amet", "sit", "elit", "risus", "nunc"];

function element(tag, values, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(values || {})) {
    if (key.startsWith("on")) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
}

let used = 0;
const fresh = (word) => `${word}${++used}`;

// A box with its label, in one of the ways in which pages are written.
function boxed(style, box, label) {
  if (style === "around") return element("label", {}, box, " ", label);
  if (style === "beside") {
    box.id = fresh("box");
    return element("div", {}, box, element("label", { for: box.id }, label));
  }
  return element("div", {}, box, " ", label);
}

const PARTS = {
  button(style, done) {
    const names = some(["Yes", "No", "Help", "Back", "More", "Less", "Open"], 3), wanted = pick(names);
    return {
      say: `click on the "${wanted}" button`, doing: `clicking on the "${wanted}" button`,
      draw(into) {
        for (const name of names) {
          into.append(style === "input"
            ? element("input", { type: "button", value: name, onclick: () => done(name === wanted) })
            : element("button", { type: "button", onclick: () => done(name === wanted) }, name));
        }
      },
    };
  },
  link(style, done) {
    const names = some(NOUNS, 5), wanted = pick(names.slice(1, 4));
    return {
      say: `click on the link "${wanted}"`, doing: `clicking on the link "${wanted}"`,
      draw(into) {
        const text = element("p", {});
        names.forEach((name, i) => {
          const go = { onclick: (event) => { event.preventDefault(); done(name === wanted); } };
          if (i === 0) text.append(name);
          else if (style === "span") text.append(" ", element("span", { class: "alink", ...go }, name));
          else text.append(" ", element("a", { href: "#", ...go }, name));
        });
        into.append(text);
      },
    };
  },
  radio(style) {
    const names = some(LETTERS, 5), wanted = pick(names), group = fresh("group");
    return {
      say: `select ${wanted}`, doing: `selecting ${wanted}`,
      draw(into) {
        this.boxes = names.map((name) => element("input", { type: "radio", name: group, value: name }));
        names.forEach((name, i) => into.append(boxed(style, this.boxes[i], name)));
      },
      right() { return this.boxes.every((box, i) => box.checked === (names[i] === wanted)); },
    };
  },
  boxes(style) {
    const names = some(LETTERS, 6), wanted = names.slice(0, 1 + Math.floor(Math.random() * 3));
    const shown = shuffled(names);
    return {
      say: `select ${wanted.join(", ")}`, doing: `selecting ${wanted.join(", ")}`,
      draw(into) {
        this.boxes = shown.map(() => element("input", { type: "checkbox" }));
        shown.forEach((name, i) => into.append(boxed(style, this.boxes[i], name)));
      },
      right() { return this.boxes.every((box, i) => box.checked === wanted.includes(shown[i])); },
    };
  },
  list() {
    const names = some(COLOURS, 4), wanted = pick(names);
    return {
      say: `choose ${wanted} from the list`, doing: `choosing ${wanted} from the list`,
      draw(into) {
        const options = names.map((name, i) => element("option", { value: `v${i}` }, name));
        this.list = element("select", {}, element("option", { value: "" }, "..."), ...options);
        into.append(element("div", {}, this.list));
      },
      right() { return this.list.value === `v${names.indexOf(wanted)}`; },
    };
  },
  text(style) {
    const wanted = pick(NAMES), label = pick(["name", "city", "street", "note"]);
    const words = style === "named" ? `the "${label}" field` : "the text field";
    return {
      say: `enter "${wanted}" into ${words}`, doing: `entering "${wanted}" into ${words}`,
      draw(into) {
        this.field = element(style === "area" ? "textarea" : "input", style === "area" ? {} : { type: "text" });
        into.append(element("div", {}, `${label}: `, this.field));
      },
      right() { return this.field.value === wanted; },
    };
  },
  date(style) {
    const two = (n) => String(n).padStart(2, "0");
    const month = two(1 + Math.floor(Math.random() * 12)), day = two(1 + Math.floor(Math.random() * 28));
    const year = 2000 + Math.floor(Math.random() * 30), said = `${month}/${day}/${year}`;
    return {
      say: `enter ${said} as the date`, doing: `entering ${said} as the date`,
      draw(into) {
        this.field = element("input", { type: style === "typed" ? "text" : "date" });
        into.append(element("div", {}, "Date: ", this.field));
      },
      right() {
        return this.field.value === (style === "typed" ? said : `${year}-${month}-${day}`);
      },
    };
  },
  password() {
    const wanted = pick(LETTERS) + pick(LETTERS);
    return {
      say: `enter the password "${wanted}" into both text fields`,
      doing: `entering the password "${wanted}" into both text fields`,
      draw(into) {
        this.fields = [1, 2].map(() => element("input", { type: "password" }));
        this.fields.forEach((field, i) => into.append(element("div", {}, ["Password ", "Again "][i], field)));
      },
      right() { return this.fields.every((field) => field.value === wanted); },
    };
  },
  login(style) {
    const user = pick(NAMES), secret = pick(LETTERS) + pick(LETTERS);
    const words = `the username "${user}" and the password "${secret}" into the text fields`;
    return {
      say: `enter ${words}`, doing: `entering ${words}`,
      draw(into) {
        this.fields = ["text", "password"].map((type) => element("input", { type }));
        if (style === "id") this.fields.forEach((field, i) => { field.id = ["username", "password"][i]; });
        this.fields.forEach((field, i) => into.append(element("p", {}, ["Username", "Password"][i], field)));
      },
      right() { return this.fields[0].value === user && this.fields[1].value === secret; },
    };
  },
};
