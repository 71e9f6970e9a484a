// Runs in a world of its own, which the page's scripts cannot see: reads the page (names: webform_names.js) and tells what
// it waits for. It decides nothing and does nothing to it: webform_acts.js does.
(function () {
  "use strict";
  const parts = globalThis.jalerteParts;
  if (!parts || parts.snapshot) return;
  const { isRendered, isSeen, isOffered, walk, modal } = parts;
  const { FIELDS, tidy, bare, words, referred, ownName, labelText, groupName, nameOf, demanded } = parts;

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
  document.addEventListener("jalerte:answer", () => {
    requests = Math.max(0, requests - 1);
    // What the page does with it shows only a moment later.
    changedAt = performance.now();
  });
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

  // Lists that showed results before: nothing in their own make-up tells what they are.
  const searched = new Set();

  function searches(element) {
    if (drawnBox(element)) return true;
    if (!element.matches("input") || !/^(text|search)$/.test(element.type)) return false;
    const told = "[role=combobox], [aria-autocomplete=list], [aria-autocomplete=both], [list]";
    return element.matches(told) || searched.has(nameOf(element));
  }

  function shownBy(list) {
    const id = CSS.escape(list.id);
    return document.querySelector(`[role=combobox][aria-controls~=${id}], [role=combobox][aria-owns~=${id}]`);
  }

  // A list that scripts draw out of anything, with a field of its own for the search.
  function drawnBox(element) {
    return element.matches("[role=combobox]:not(input, select)") && !element.closest(".select2-container");
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
    if (searches(element)) {
      return control(element, "search", { value: drawnBox(element) ? tidy(words(element, element)) : element.value });
    }
    if (element.matches("input")) {
      const typed = /^(text|email|tel|url|search|number|date)$/.test(element.type);
      return control(element, typed ? "text" : "other", { value: element.value });
    }
    if (element.matches("a[href^='javascript:' i], a[href='#'], a[onclick]:not([href])")) return control(element, "button", {});
    if (element.matches("a[href]")) {
      const inside = element.origin === location.origin && /^https?:$/.test(element.protocol);
      return inside ? control(element, "button", { input_type: "link" }) : null;
    }
    // What a combobox shows below itself is a part of it.
    if (element.matches("[role=listbox][id]") && shownBy(element)) return null;
    if (element.matches("[role=radio], [role=checkbox], [role=listbox], [role=switch], [contenteditable=true]")) {
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

  Object.assign(parts, { state, stay, snapshot, handle, element, select2Box, searched });
})();
