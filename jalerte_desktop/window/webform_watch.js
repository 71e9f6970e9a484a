// Runs in the page's own world, before any script of the page: tells what the page still waits for. It changes nothing
// that the page can notice but the functions' text. webform_page.js counts what is told here.
(function () {
  "use strict";
  const shortest = 1000; // milliseconds: a longer timer is a clock or a poll, not a step on the way
  const deepest = 5; // timers that set timers for ever are clocks too
  let depth = 0;

  function tell(what) {
    document.dispatchEvent(new Event("jalerte:" + what));
  }

  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function () {
    tell("request");
    this.addEventListener("loadend", () => tell("answer"), { once: true });
    try {
      return send.apply(this, arguments);
    } catch (error) {
      tell("answer");
      throw error;
    }
  };

  const fetchPage = window.fetch;
  window.fetch = function () {
    tell("request");
    const answer = fetchPage.apply(this, arguments);
    // The head of an answer comes before its body, and the page redraws itself only with that.
    const whole = answer.then((found) => (isStream(found) ? null : found.clone().arrayBuffer()));
    whole.then(
      () => tell("answer"),
      () => tell("answer"),
    );
    return answer;
  };

  function isStream(found) {
    return (found.headers.get("content-type") || "").startsWith("text/event-stream");
  }

  const setTimer = window.setTimeout;
  const clearTimer = window.clearTimeout;
  const timers = new Set();

  window.setTimeout = function (callback, delay, ...rest) {
    if (typeof callback !== "function" || !(Number(delay || 0) <= shortest) || depth >= deepest) {
      return setTimer.call(window, callback, delay, ...rest);
    }
    const own = depth + 1;
    const timer = setTimer.call(window, function () {
      const before = depth;
      depth = own;
      try {
        return callback.apply(this, rest);
      } finally {
        depth = before;
        over(timer);
      }
    }, delay);
    timers.add(timer);
    tell("timer");
    return timer;
  };

  window.clearTimeout = function (timer) {
    over(timer);
    return clearTimer.call(window, timer);
  };

  function over(timer) {
    if (timers.delete(timer)) tell("timer-over");
  }
})();
