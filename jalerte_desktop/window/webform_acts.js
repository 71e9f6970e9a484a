// Does one thing at a time to the page, with the events that a person's doing makes; webform_driver.py calls it and gets
// JSON back. Comes after webform_page.js, in the same world.
(function () {
  "use strict";
  const parts = globalThis.jalerteParts;
  if (!parts || globalThis.jalerte) return;
  const { FIELDS, isSeen, tidy, words, nameOf, handle, element, select2Box, searched } = parts;

  // --- doing: each gives "done", "gone" when the page was redrawn meanwhile, or "refused" ------------------------------

  function tell(target, kind, Kind = Event, more = {}) {
    return target.dispatchEvent(new Kind(kind, { bubbles: true, composed: true, cancelable: true, ...more }));
  }

  function enter(target) {
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
    if (!document.hasFocus()) {
      tell(target, "focus", FocusEvent, { bubbles: false });
      tell(target, "focusin", FocusEvent);
    }
  }

  function leave(target) {
    const heard = document.hasFocus();
    target.blur();
    if (!heard) {
      tell(target, "blur", FocusEvent, { bubbles: false });
      tell(target, "focusout", FocusEvent);
    }
  }

  function click(handed) {
    const target = element(handed);
    if (!target) return "gone";
    if (target.matches(":disabled, [aria-disabled=true]")) return "refused";
    enter(target);
    target.click();
    return "done";
  }

  function setValue(target, text) {
    // The class's own setter: scripts that watch the property of one element do not see it, as when a person types.
    const kind = target.matches("textarea") ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(target, text);
  }

  function type(handed, text) {
    const target = element(handed);
    if (!target) return "gone";
    if (target.matches(":disabled") || target.readOnly || !target.matches("input, textarea")) return "refused";
    enter(target);
    setValue(target, text);
    tell(target, "input", InputEvent, { inputType: "insertText", data: text, cancelable: false });
    tell(target, "change", Event, { cancelable: false });
    if (target.isConnected) leave(target);
    return "done";
  }

  function choose(handed, value, label) {
    const target = element(handed);
    if (!target) return "gone";
    const fitting = [...target.options].filter((one) => one.value === value && tidy(one.label || one.text) === label);
    if (target.disabled || fitting.length !== 1 || fitting[0].disabled) return "refused";
    if (!target.matches(".select2-hidden-accessible")) enter(target);
    fitting[0].selected = true;
    tell(target, "input", Event, { cancelable: false });
    tell(target, "change", Event, { cancelable: false });
    if (target.isConnected && !target.matches(".select2-hidden-accessible")) leave(target);
    return "done";
  }

  // --- lists that are searched ---------------------------------------------------------------------------------------

  function mouse(target, kind) {
    tell(target, kind, MouseEvent, { button: 0, view: window });
  }

  function searchBox(target) {
    if (target.matches("input")) return target;
    const own = document.activeElement;
    if (!target.matches("select")) return own && own.matches("input[type=search], input[type=text]") ? own : null;
    return document.querySelector(".select2-container--open .select2-search__field");
  }

  function openSearch(handed, query) {
    const target = element(handed);
    if (!target) return "gone";
    before = new Set(lines().map((one) => `${handle(one)} ${tidy(words(one, one))}`));
    if (target.matches("select")) {
      const box = select2Box(target);
      if (!box) return "gone";
      box.scrollIntoView({ block: "center" });
      if (!box.closest(".select2-container--open")) mouse(box, "mousedown");
    } else {
      enter(target);
      if (!target.matches("input") && target.getAttribute("aria-expanded") !== "true") {
        for (const kind of ["mousedown", "mouseup"]) mouse(target, kind);
        target.click();
      }
    }
    const search = searchBox(target);
    // A list without a search of its own shows all it has.
    if (!search) return target.matches("[role=combobox]") ? "done" : "refused";
    setValue(search, query);
    tell(search, "input", InputEvent, { inputType: "insertText", data: query, cancelable: false });
    tell(search, "keyup", KeyboardEvent, { key: query.slice(-1) });
    return "done";
  }

  function choices(target) {
    if (target.matches("select")) {
      const all = document.querySelectorAll(".select2-container--open .select2-results__option");
      return [...all].filter((one) => !one.matches(".loading-results, .select2-results__message, [aria-disabled=true], [role=alert]"));
    }
    if (target.list) return [...target.list.options].filter((one) => !one.disabled && holds(one, target.value));
    const ids = `${target.getAttribute("aria-controls") || ""} ${target.getAttribute("aria-owns") || ""}`.split(/\s+/);
    const lists = ids.filter(Boolean).map((id) => document.getElementById(id)).filter(Boolean);
    const named = lists.flatMap((list) => [...list.querySelectorAll("[role=option]")]).filter(isSeen);
    return named.length ? named : lines().filter((one) => !before.has(`${handle(one)} ${tidy(words(one, one))}`));
  }

  // What could be a line of a list that nothing ties to its field, and what of it stood there before the search.
  let before = new Set();

  function lines() {
    const all = [...document.querySelectorAll(LINES)].filter((one) => isSeen(one) && !one.closest("nav, header, footer, .select2-container"));
    return all.filter((one) => !one.querySelector(`${LINES}, ${FIELDS}`));
  }

  const LINES = "[role=option], li, [class*=suggest i] > *, [class*=autocomplete i] > *, [class*=result i] > *, [class*=dropdown i] > *, [class*=propos i] > *";

  function holds(option, text) {
    return `${option.value} ${option.label}`.toLowerCase().includes(text.toLowerCase());
  }

  function told(choice) {
    return tidy(choice.matches("option") ? choice.value : words(choice, choice));
  }

  function results(handed) {
    const target = element(handed);
    if (!target) return null;
    const waiting = document.querySelector(".select2-container--open .loading-results") !== null;
    const found = choices(target);
    if (found.length && target.matches("input")) searched.add(nameOf(target));
    return { waiting, labels: found.map(told) };
  }

  function takeResult(handed, index, label) {
    const target = element(handed);
    if (!target) return "gone";
    const found = choices(target)[index];
    if (!found || told(found) !== label) return "gone";
    if (found.matches("option")) return type(handed, found.value);
    const point = found.querySelector("a, button") || found;
    for (const kind of ["mousemove", "mousedown", "mouseup"]) mouse(point, kind);
    if (point.isConnected) point.click();
    return "done";
  }

  function closeSearch(handed) {
    const target = element(handed);
    if (target && target.matches("input")) {
      setValue(target, "");
      tell(target, "input", InputEvent, { cancelable: false });
      leave(target);
    } else if (document.querySelector(".select2-container--open")) {
      mouse(document.body, "mousedown");
    } else if (target && target.getAttribute("aria-expanded") === "true") {
      target.click();
    }
    return "done";
  }

  // --- files -----------------------------------------------------------------------------------------------------------

  let pieces = [];
  let carried = [];

  // A file comes in pieces of base64; the last one names it.
  function carry(piece, name, type) {
    pieces.push(Uint8Array.from(atob(piece), (letter) => letter.charCodeAt(0)));
    if (name) {
      carried.push(new File(pieces, name, { type }));
      pieces = [];
    }
    return "done";
  }

  function attach(handed) {
    const target = element(handed);
    const files = carried;
    pieces = [];
    carried = [];
    if (!target) return "gone";
    if (target.disabled || !target.matches("input[type=file]") || (files.length > 1 && !target.multiple)) return "refused";
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    target.files = transfer.files;
    tell(target, "input", Event, { cancelable: false });
    tell(target, "change", Event, { cancelable: false });
    return "done";
  }

  const { state, stay, snapshot } = parts;
  const acts = { state, stay, snapshot, click, type, choose, openSearch, results, takeResult, closeSearch, carry, attach };
  globalThis.jalerte = (name, ...given) => JSON.stringify(acts[name](...given));
})();
