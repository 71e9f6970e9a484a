// Runs in a world of its own, which the page's scripts cannot see: reads the page as a person with a screen reader would
// meet it, and does one thing at a time to it. It decides nothing; webform_driver.py calls it and gets JSON back.
(function () {
  "use strict";
  if (globalThis.jalerte) return;

  // --- nothing to strangers ---

  // The browser would follow a redirect of a script's request to anybody, with what the person typed in it. A policy of
  // the page's own stops that, and holds before any script of the page runs.
  function confine() {
    if (!document.head) return false;
    const policy = document.createElement("meta");
    policy.httpEquiv = "Content-Security-Policy";
    policy.content = "connect-src 'self'";
    document.head.prepend(policy);
    policy.remove();
    return true;
  }

  if (!confine()) {
    const watch = new MutationObserver(() => confine() && watch.disconnect());
    watch.observe(document, { childList: true, subtree: true });
  }

  // --- what is under way ---------------------------------------------------------------------------------------------

  const token = Math.random().toString(36).slice(2);
  let requests = 0;
  let timers = 0;
  let changes = 0;
  let leaving = false;
  let changedAt = performance.now();
  let personAt = -Infinity;
  const byPerson = new Set();

  document.addEventListener("jalerte:request", () => requests++);
  document.addEventListener("jalerte:answer", () => (requests = Math.max(0, requests - 1)));
  document.addEventListener("jalerte:timer", () => timers++);
  document.addEventListener("jalerte:timer-over", () => (timers = Math.max(0, timers - 1)));
  new MutationObserver(() => {
    changes++;
    changedAt = performance.now();
  }).observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
  addEventListener("beforeunload", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  // Whether a script stops the sending is known only after all have heard of it.
  addEventListener("submit", (event) => setTimeout(() => (leaving = leaving || !event.defaultPrevented), 0), true);
  for (const kind of ["keydown", "pointerdown", "input", "change"]) {
    addEventListener(kind, person, true);
  }

  function person(event) {
    // What we do ourselves is not trusted by the browser: that tells us from a person.
    if (!event.isTrusted) return;
    personAt = performance.now();
    if (event.type === "input" || event.type === "change") byPerson.add(nameOf(event.target));
  }

  // The journey that was about to begin was refused.
  function stay() {
    leaving = false;
    return "done";
  }

  function state() {
    const now = performance.now();
    return {
      token,
      requests,
      timers,
      changes,
      leaving,
      busy: [...document.querySelectorAll("[aria-busy=true]")].some(isRendered),
      ready: document.readyState,
      quiet_ms: Math.round(now - changedAt),
      person_ms: personAt === -Infinity ? -1 : Math.round(now - personAt),
    };
  }

  // --- what can be seen ----------------------------------------------------------------------------------------------

  function isRendered(element) {
    if (!element.isConnected || !element.checkVisibility({ visibilityProperty: true })) return false;
    return element.closest("[aria-hidden=true], [inert]") === null;
  }

  // Off the screen or see-through: hidden from people, as traps for programs are.
  function isSeen(element) {
    if (!isRendered(element) || !element.checkVisibility({ opacityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 4 && box.height > 4 && box.right + scrollX > 0 && box.bottom + scrollY > 0;
  }

  function isOffered(element) {
    if (isSeen(element)) return true;
    // Radios, boxes and file fields are often drawn by their label.
    const drawn = element.matches("input[type=radio], input[type=checkbox], input[type=file]");
    return drawn && element.closest("[aria-hidden=true], [inert]") === null && [...(element.labels || [])].some(isSeen);
  }

  // All elements, those in open shadow roots too, in the order of the page.
  function* walk(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* walk(element.shadowRoot);
    }
  }

  function modal() {
    const open = [...document.querySelectorAll("dialog:modal, [role=dialog][aria-modal=true], [role=alertdialog][aria-modal=true]")];
    return open.filter(isSeen).pop() || null;
  }

  // --- names ---------------------------------------------------------------------------------------------------------

  function tidy(text) {
    return (text || "").replace(/\s+/g, " ").trim();
  }

  // "Nom *": the star says that an answer is demanded, and is no part of the name.
  function bare(name) {
    return tidy(name.replace(/\s*\*+\s*$/, "").replace(/^\*+\s*/, "")) || name;
  }

  function words(node, without) {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    if (node !== without && node.matches("input, select, textarea, button, script, style, template")) return " ";
    if (node.matches("[aria-hidden=true], [hidden]") || !node.checkVisibility({ visibilityProperty: true })) return " ";
    if (node.matches("img")) return ` ${node.alt} `;
    const parts = [...(node.shadowRoot || node).childNodes].map((child) => words(child, without));
    const apart = getComputedStyle(node).display.startsWith("inline") ? "" : " ";
    return apart + parts.join("") + apart;
  }

  function referred(element, attribute) {
    const ids = (element.getAttribute(attribute) || "").split(/\s+/).filter(Boolean);
    const root = element.getRootNode();
    // What is named may be hidden by itself.
    const found = ids.map((id) => root.getElementById && root.getElementById(id)).filter(Boolean);
    return tidy(found.map((one) => tidy(words(one, one)) || one.textContent).join(" "));
  }

  function ownName(element) {
    const stated = referred(element, "aria-labelledby") || tidy(element.getAttribute("aria-label"));
    if (stated) return stated;
    const labels = tidy([...(element.labels || [])].map((label) => words(label)).join(" "));
    if (labels) return labels;
    if (element.matches("input[type=submit], input[type=button], input[type=reset]")) return tidy(element.value);
    if (element.matches("input[type=image]")) return tidy(element.alt);
    if (element.matches("button, a, [role]")) {
      const content = tidy(words(element, element));
      if (content) return content;
    }
    return tidy(element.title) || tidy(element.getAttribute("placeholder"));
  }

  function labelText(element) {
    return [...(element.labels || [])].map((label) => label.textContent).join(" ");
  }

  const FIELDS = "input:not([type=hidden]), select, textarea";

  // The name of several radios or boxes together.
  function groupName(members) {
    const box = around(members);
    for (let place = box, up = 0; place && place.nodeType === 1 && up < 4; place = place.parentElement, up++) {
      if ([...place.querySelectorAll(FIELDS)].some((field) => !members.includes(field))) break;
      const stated = referred(place, "aria-labelledby") || tidy(place.getAttribute("aria-label"));
      if (stated) return { name: stated, place, raw: stated };
      const legend = place.matches("fieldset") && [...place.children].find((child) => child.matches("legend"));
      if (legend) return { name: tidy(words(legend)), place, raw: legend.textContent };
    }
    // Without a legend: what is written just before.
    for (let place = box, up = 0; place && place.nodeType === 1 && up < 3; place = place.parentElement, up++) {
      const before = place.previousElementSibling;
      if (!before) continue;
      const text = before.querySelector(FIELDS) || before.matches(FIELDS) ? "" : tidy(words(before));
      if (text && text.length <= 200) return { name: text, place, raw: before.textContent };
      break;
    }
    return { name: "", place: box, raw: "" };
  }

  function around(members) {
    let place = members[0].parentElement;
    while (place && !members.every((member) => place.contains(member))) place = place.parentElement;
    return place;
  }

  function nameOf(element) {
    return (element && (element.name || element.id || "")) || "";
  }

  function demanded(element, raw) {
    if (element.required || element.getAttribute("aria-required") === "true") return true;
    // "obligatoire" in a hint like "non obligatoire" or "facultatif" means the opposite.
    return /\*|obligatoire|requis/i.test(raw) && !/non obligatoire|non requis|facultati|optionnel/i.test(raw);
  }

  // --- controls ------------------------------------------------------------------------------------------------------

  const handles = new Map();
  const known = new WeakMap();
  let counted = 0;

  function handle(element) {
    if (!known.has(element)) {
      known.set(element, `${token}-${++counted}`);
      handles.set(known.get(element), new WeakRef(element));
    }
    return known.get(element);
  }

  function element(handed) {
    const found = handles.get(handed) && handles.get(handed).deref();
    return found && found.isConnected ? found : null;
  }

  function control(element, role, more) {
    return {
      handle: handle(element),
      role,
      name: nameOf(element),
      label: bare(ownName(element)),
      value: "",
      options: [],
      required: demanded(element, labelText(element)),
      enabled: !element.matches(":disabled, [aria-disabled=true]") && !element.readOnly,
      max_length: element.maxLength >= 0 ? element.maxLength : null,
      accepts: element.getAttribute("accept") || "",
      input_type: element.type || "",
      ...more,
    };
  }

  function option(input) {
    return {
      label: ownName(input),
      value: input.value,
      chosen: input.checked,
      enabled: !input.matches(":disabled, [aria-disabled=true]"),
      handle: handle(input),
    };
  }

  function group(members, role) {
    const named = groupName(members);
    const options = members.map(option);
    const marked = named.place && named.place.closest("[aria-required=true]");
    return control(members[0], role, {
      label: bare(named.name),
      value: options.filter((one) => one.chosen).map((one) => one.label).join(", "),
      options,
      required: members.some((one) => one.required) || Boolean(marked) || demanded(named.place || members[0], named.raw),
      enabled: options.some((one) => one.enabled),
      input_type: members[0].type,
    });
  }

  function ofSelect(select, search) {
    const options = [...select.options].map((one) => ({
      label: tidy(one.label || one.text),
      value: one.value,
      chosen: one.selected,
      enabled: !one.disabled && !(one.parentElement.disabled === true),
      handle: "",
    }));
    const chosen = options.filter((one) => one.chosen && one.value !== "");
    return control(select, search ? "search" : select.multiple ? "other" : "select", {
      value: chosen.map((one) => one.label).join(", "),
      options: search ? [] : options,
      input_type: select.type,
    });
  }

  // select2 hides the list and shows a box of its own. With hardly any choices in it, it is asked for them.
  function drawnBySelect2(select) {
    return select.matches(".select2-hidden-accessible") ? select2Box(select) : null;
  }

  function select2Box(select) {
    const container = select.nextElementSibling;
    return container && container.matches(".select2-container") ? container.querySelector(".select2-selection") : null;
  }

  function ofElement(element, groups) {
    if (element.matches("input[type=radio], input[type=checkbox]")) {
      if (!isOffered(element)) return null;
      const kind = `${element.type} ${element.name}`;
      const key = element.name ? kind : kind + handle(element);
      const form = element.form || element.getRootNode();
      const others = groups.get(form) || new Map();
      groups.set(form, others);
      if (others.has(key)) {
        others.get(key).push(element);
        return null;
      }
      others.set(key, [element]);
      return { members: others.get(key) };
    }
    if (element.matches("select")) {
      const box = drawnBySelect2(element);
      if (box) return isSeen(box) ? ofSelect(element, [...element.options].filter((one) => one.value).length < 4) : null;
      return isSeen(element) ? ofSelect(element, false) : null;
    }
    if (element.matches("input[type=file]")) {
      const names = [...element.files].map((file) => file.name).join(", ");
      return isOffered(element) ? control(element, "file", { value: names }) : null;
    }
    if (element.matches(".select2-container *, [type=hidden], [type=reset]") || !isSeen(element)) return null;
    if (element.matches("textarea")) return control(element, "textarea", { value: element.value });
    if (element.matches("button, input[type=submit], input[type=button], input[type=image], [role=button]")) {
      return control(element, "button", {});
    }
    if (element.matches("input[role=combobox], input[aria-autocomplete=list], input[aria-autocomplete=both]")) {
      return control(element, "search", { value: element.value });
    }
    if (element.matches("input")) {
      const typed = /^(text|email|tel|url|search|number|date)$/.test(element.type);
      return control(element, typed ? "text" : "other", { value: element.value });
    }
    if (element.matches("a[href]")) {
      const inside = element.origin === location.origin && /^https?:$/.test(element.protocol);
      return inside ? control(element, "button", { input_type: "link" }) : null;
    }
    if (element.matches("[role=radio], [role=checkbox], [role=combobox], [role=listbox], [role=switch], [contenteditable=true]")) {
      return control(element, "other", { input_type: element.getAttribute("role") || "contenteditable" });
    }
    if (element.matches("iframe") && !isCaptcha(element)) {
      const box = element.getBoundingClientRect();
      return box.width > 40 && box.height > 40 ? control(element, "other", { label: tidy(element.title), input_type: "iframe" }) : null;
    }
    return null;
  }

  function controls() {
    const groups = new Map();
    const found = [];
    const within = modal() || document;
    for (const one of walk(within)) {
      const made = ofElement(one, groups);
      if (made) found.push(made);
    }
    return found.map((one) => (one.members ? grouped(one.members) : one)).slice(0, 2000);
  }

  function grouped(members) {
    if (members[0].type === "radio") return group(members, "radio");
    if (members.length > 1) return group(members, "checkboxes");
    const own = option(members[0]);
    return control(members[0], "checkbox", { value: own.chosen ? own.label : "", options: [own] });
  }

  // --- captcha, messages, the whole ----------------------------------------------------------------------------------

  const CAPTCHA = /captcha|turnstile|challenges\.cloudflare\.com/i;

  function isCaptcha(element) {
    if (element.matches(".grecaptcha-badge *, [data-size=invisible]")) return false;
    if (element.matches(".g-recaptcha, .h-captcha, .cf-turnstile, .frc-captcha")) return true;
    if (element.matches("iframe")) return CAPTCHA.test(`${element.src} ${element.title} ${element.name}`);
    if (element.matches("img")) return CAPTCHA.test(`${element.getAttribute("src")} ${element.alt} ${element.id}`);
    if (element.matches("input:not([type=hidden]), label")) {
      return CAPTCHA.test(`${nameOf(element)} ${element.matches("label") ? element.textContent : ownName(element)}`);
    }
    return element.localName.endsWith("-captcha") || element.localName === "altcha-widget";
  }

  function captcha() {
    const within = modal() || document;
    for (const one of walk(within)) if (isCaptcha(one) && isSeen(one)) return true;
    return false;
  }

  function errors() {
    const said = [...document.querySelectorAll("[role=alert], .feedbackPanelERROR, .fr-error-text, [aria-invalid=true]")];
    const found = new Set();
    for (const one of said) {
      if (one.matches("[aria-invalid=true]")) {
        const about = one.hasAttribute("aria-errormessage") ? "aria-errormessage" : "aria-describedby";
        if (isRendered(one) && referred(one, about)) found.add(referred(one, about));
      } else if (isSeen(one) && !one.querySelector("[role=alert], .feedbackPanelERROR, .fr-error-text")) {
        if (tidy(words(one))) found.add(tidy(words(one)));
      }
    }
    return [...found].slice(0, 50).map((text) => text.slice(0, 500));
  }

  function snapshot() {
    return {
      url: location.href,
      title: document.title,
      text: ((document.body && document.body.innerText) || "").slice(0, 20000),
      controls: controls(),
      errors: errors(),
      captcha: captcha(),
      by_person: [...byPerson],
      changes,
    };
  }

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
    return document.querySelector(".select2-container--open .select2-search__field");
  }

  function openSearch(handed, query) {
    const target = element(handed);
    if (!target) return "gone";
    if (target.matches("select")) {
      const box = select2Box(target);
      if (!box) return "gone";
      box.scrollIntoView({ block: "center" });
      if (!box.closest(".select2-container--open")) mouse(box, "mousedown");
    } else {
      enter(target);
    }
    const search = searchBox(target);
    if (!search) return "refused";
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
    const ids = `${target.getAttribute("aria-controls") || ""} ${target.getAttribute("aria-owns") || ""}`.split(/\s+/);
    const lists = ids.filter(Boolean).map((id) => document.getElementById(id)).filter(Boolean);
    return lists.flatMap((list) => [...list.querySelectorAll("[role=option]")]).filter(isSeen);
  }

  function results(handed) {
    const target = element(handed);
    if (!target) return null;
    const waiting = document.querySelector(".select2-container--open .loading-results") !== null;
    return { waiting, labels: choices(target).map((one) => tidy(words(one, one))) };
  }

  function takeResult(handed, index, label) {
    const target = element(handed);
    if (!target) return "gone";
    const found = choices(target)[index];
    if (!found || tidy(words(found, found)) !== label) return "gone";
    for (const kind of ["mousemove", "mousedown", "mouseup"]) mouse(found, kind);
    if (found.isConnected) found.click();
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

  const acts = { state, stay, snapshot, click, type, choose, openSearch, results, takeResult, closeSearch, carry, attach };
  globalThis.jalerte = (name, ...given) => JSON.stringify(acts[name](...given));
})();
