// A page of parts after a SHAPE: {parts: [[name, style]], ...}.
//
//   layout      "flat": all in one element; "boxes": an element a part
//   submit      "own": a button for each form; "shared": one for all forms before it
//   label, make what the buttons say; "button", "input" or "bare" (a button without a type)
//   wording     "and then", "then", "comma", "stops", "after", "After", "before"
//   views       true: a part appears when the one before is done
//   strict      true: a part that is done out of turn ends the episode
"use strict";
function genProblem() {
  const area = document.getElementById("area"), query = document.getElementById("query");
  area.replaceChildren();
  let at = 0;
  const steps = [];
  const finish = (step, right) => {
    if (step !== at) return SHAPE.strict ? core.endEpisode(-1, true, "order") : undefined;
    if (!right) return core.endEpisode(-1, true, "wrong");
    at += 1;
    if (at === steps.length) return core.endEpisode(1, true);
    if (SHAPE.views) show();
  };
  const show = () => {
    area.replaceChildren();
    steps[at].draw(area);
  };
  const endButton = (step) => {
    const press = { onclick: (event) => { event.preventDefault(); finish(step, steps[step].right()); } };
    if (SHAPE.make === "input") return element("input", { type: "submit", value: SHAPE.label, ...press });
    const kind = SHAPE.make === "bare" ? {} : { type: "button" };
    return element("button", { ...kind, ...press }, SHAPE.label);
  };
  const press = { say: `click ${SHAPE.label}`, doing: `clicking ${SHAPE.label}` };
  // Forms up to a button are one step; a part that is done by a click is a step of its own.
  let open = [];
  const close = () => {
    if (!open.length) return;
    const forms = open, number = steps.length;
    open = [];
    const list = (key) => forms.map((form) => form[key]).join(", ");
    steps.push({
      say: `${list("say")} and ${press.say}`, doing: `${list("doing")} and ${press.doing}`,
      draw(into) {
        const holder = SHAPE.layout === "boxes" ? into.appendChild(element("div", {})) : into;
        forms.forEach((form) => form.draw(holder));
        holder.append(endButton(number));
      },
      right: () => forms.every((form) => form.right()),
    });
  };
  SHAPE.parts.forEach(([name, style], i) => {
    const clicked = ["button", "link"].includes(name);
    if (clicked) close();
    const number = steps.length;
    const part = PARTS[name](style, (right) => finish(number, right));
    if (clicked) {
      const draw = part.draw.bind(part);
      part.draw = (into) => draw(SHAPE.layout === "boxes" ? into.appendChild(element("div", {})) : into);
      return void steps.push(part);
    }
    open.push(part);
    if (SHAPE.submit !== "shared") close();
  });
  close();
  if (SHAPE.views) show();
  else steps.forEach((step) => step.draw(area));
  query.textContent = sentence(steps, SHAPE.wording);
}

function sentence(steps, wording) {
  const big = (text) => text[0].toUpperCase() + text.slice(1) + ".";
  const say = steps.map((step) => step.say), doing = steps.map((step) => step.doing);
  const half = Math.ceil(steps.length / 2);
  const last = say.slice(half).join(", and "), first = doing.slice(0, half).join(" and then ");
  if (steps.length > 1) {
    if (wording === "after") return big(`${last}, after ${first}`);
    if (wording === "After") return big(`after ${first}, ${last}`);
    if (wording === "before") return big(`${say.slice(0, half).join(", and ")} before ${doing.slice(half).join(" and then ")}`);
    if (wording === "then") return big(say.join(", then "));
    if (wording === "comma") return big(say.join(", "));
    if (wording === "stops") return say.map(big).join(" ");
  }
  return big(say.join(", and then "));
}
