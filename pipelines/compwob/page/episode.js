// One episode: a frame for each part, whose own reward decides, and the state of all of them.
"use strict";
window.episode = (() => {
  // A page's own clock would end an episode while a model thinks.
  const LONGEST_MS = 2000000000;
  const SKIPPED = ["query", "reward-display", "sync-task-cover", "click-canvas"];
  const HIDDEN = "#query, #reward-display, #click-canvas { display: none !important; }";
  let rules = null, states = [], loaded = [], result = null;

  function report(part, reward, why) {
    if (result) return;
    const early = states.slice(0, part).some((state) => state !== 1);
    if (rules.order === "strict" && early) return end(-1, `order:${part}`);
    states[part] = reward >= 1 ? 1 : -1;
    if (why === "timed out") return end(-1, "timeout");
    if (rules.errors === "terminal" && states[part] !== 1) return end(-1, `wrong:${part}`);
    if (part === states.length - 1) {
      const first = states.findIndex((state) => state !== 1);
      return first < 0 ? end(1, "final") : end(-1, `wrong:${first}`);
    }
    const view = rules.views.findIndex((some) => some.includes(part));
    if (rules.views[view].every((one) => states[one] === 1)) show(view + 1);
  }

  function end(reward, reason) {
    result = { reward, reason };
  }

  function show(view) {
    if (view >= rules.views.length) return;
    loaded.forEach((one, part) => {
      one.frame.parentElement.style.display = rules.views[view].includes(part) ? "block" : "none";
    });
  }

  // The page's own core pays; what it paid is read, and the page goes on as if nothing had ended.
  function listen(view, part) {
    const core = view.core, own = core.endEpisode;
    const resume = () => {
      if (core.cover_div) core.cover_div.style.display = "none";
      core.EP_TIMER = view.setTimeout(() => {}, 0);
    };
    core.endEpisode = function (...given) {
      own.apply(core, given);
      if (!view.WOB_DONE_GLOBAL) return;
      view.WOB_DONE_GLOBAL = false;
      const reward = view.WOB_RAW_REWARD_GLOBAL, why = view.WOB_REWARD_REASON;
      resume();
      if (current(view)) report(part, reward, why);
    };
  }

  const current = (view) => loaded.some((one) => one.frame.contentWindow === view);

  function load(src) {
    return new Promise((done, fail) => {
      const panel = document.createElement("div"), frame = document.createElement("iframe");
      frame.onload = () => {
        const view = frame.contentWindow;
        if (!view.core || typeof view.genProblem !== "function") {
          return fail(new Error(`${src} has no core or no problem of its own`));
        }
        done({ frame, src, wrapped: false });
      };
      frame.onerror = () => fail(new Error(`${src} does not load`));
      frame.src = src;
      panel.appendChild(frame);
      document.body.appendChild(panel);
    });
  }

  // An element whose content is a picture has no size before the picture is there.
  function pictures(one) {
    const view = one.frame.contentWindow, found = [];
    for (const style of view.document.querySelectorAll("style")) {
      for (const [, url] of style.textContent.matchAll(/url\(["']?([^"')]+)["']?\)/g)) {
        const picture = new view.Image();
        picture.src = url;
        found.push(picture);
      }
    }
    one.pictures = found;
    return Promise.all(found.map((picture) => picture.decode().catch(() => {})));
  }

  function begin(one, part, seed) {
    const view = one.frame.contentWindow, core = view.core;
    if (!one.wrapped) {
      const style = view.document.createElement("style");
      style.textContent = HIDDEN;
      view.document.head.appendChild(style);
      listen(view, part);
      // Suggestions would come or not come in time for a look at the page.
      if (view.jQuery && view.jQuery.ui && view.jQuery.ui.autocomplete) {
        view.jQuery.ui.autocomplete.prototype.options.delay = 0;
      }
      one.wrapped = true;
    }
    core.EPISODE_MAX_TIME = LONGEST_MS;
    if (typeof view.Math.seedrandom !== "function") throw new Error("no Math.seedrandom");
    view.Math.seedrandom(seed);
    core.startEpisodeReal();
    view.document.activeElement && view.document.activeElement.blur();
    view.scrollTo(0, 0);
    const said = core.getUtterance();
    const whole = typeof said === "string" ? { utterance: said, fields: {} } : said;
    one.frame.style.height = Math.max(260, view.document.body.scrollHeight) + "px";
    return { ...whole, ref: window.agentView.number(one.frame) };
  }

  // spec: {sources, seeds, views, order, errors, reuse}; gives sentence, fields and number of parts.
  async function start(spec) {
    rules = spec;
    states = spec.sources.map(() => 0);
    result = null;
    window.agentView.clear();
    window.agentView.skip(SKIPPED);
    const same = loaded.length === spec.sources.length
      && loaded.every((one, i) => one.src === spec.sources[i]);
    if (!spec.reuse || !same) {
      loaded = [];
      document.body.replaceChildren();
      loaded = await Promise.all(spec.sources.map(load));
      await Promise.all(loaded.map(pictures));
    }
    window.scrollTo(0, 0);
    loaded.forEach((one) => { one.frame.parentElement.style.display = "block"; });
    const parts = loaded.map((one, i) => begin(one, i, spec.seeds[i]));
    show(0);
    return parts;
  }

  const state = () => ({
    states: [...states],
    done: result !== null,
    reward: result ? result.reward : 0,
    reason: result ? result.reason : "",
  });

  return { start, state };
})();
