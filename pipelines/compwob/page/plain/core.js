// What a page needs in order to be an episode: a sentence, a problem of a seed, one reward.
"use strict";
var core = { EPISODE_MAX_TIME: 10000, EP_TIMER: null, cover_div: null };
var WOB_RAW_REWARD_GLOBAL = 0, WOB_DONE_GLOBAL = false, WOB_REWARD_REASON = null;

// A small generator of one's own (a hash of the seed, then xorshift), so that a seed is a page.
Math.seedrandom = function (seed) {
  let state = 2166136261;
  for (const letter of String(seed)) state = Math.imul(state ^ letter.charCodeAt(0), 16777619);
  state = state || 1;
  Math.random = function () {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  for (let i = 0; i < 8; i++) Math.random();
};
core.startEpisode = function () {};
core.startEpisodeReal = function () {
  WOB_DONE_GLOBAL = false;
  genProblem();
  core.EP_TIMER = setTimeout(function () {}, 1000000);
};
core.endEpisode = function (reward, unused, reason) {
  if (core.EP_TIMER === null) return;
  core.EP_TIMER = null;
  WOB_RAW_REWARD_GLOBAL = reward;
  WOB_REWARD_REASON = reason || null;
  WOB_DONE_GLOBAL = true;
};
core.getUtterance = function () { return document.getElementById("query").textContent; };
