// What can be seen of a page and what it is called, as a person with a screen reader meets it; and, where no label says
// so, as a person reads it. Comes before webform_page.js, in the same world.
(function () {
  "use strict";
  if (globalThis.jalerteParts) return;

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
    // What stands in a list is its answer, not its name.
    if (element.matches("[role=combobox]:not(input)")) return written([element]).text;
    if (element.matches("button, a, [role]:not(input, select, textarea)")) {
      const content = tidy(words(element, element));
      if (content) return content;
    }
    if (element.matches("input[type=radio], input[type=checkbox]")) return beside(element);
    const hint = tidy(element.title) || tidy(element.getAttribute("placeholder"));
    if (!element.matches(FIELDS)) return hint;
    const before = written([element]);
    // In a row of its own a field is called what the row says; what stands in it is an example.
    return (before.within ? before.text || hint : hint) || before.text;
  }

  function labelText(element) {
    return [...(element.labels || [])].map((label) => label.textContent).join(" ");
  }

  // --- text that no label ties to a field, as a person sees it ---

  const FIELDS = "input:not([type=hidden]), select, textarea";
  const HEADINGS = "h1, h2, h3, h4, h5, h6";

  function blockOf(node) {
    let place = node.parentElement;
    while (place && getComputedStyle(place).display.startsWith("inline")) place = place.parentElement;
    return place;
  }

  // The field or button that a node is, or is a part of; not these.
  function fieldAt(node, members) {
    const place = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    const found = place.closest(`${FIELDS}, button, iframe, [role=combobox], .select2-container`);
    return found && !members.includes(found) && found.checkVisibility() ? found : null;
  }

  // The largest place around them that holds no other field.
  function rowOf(members) {
    const alone = (place) => [...place.querySelectorAll(FIELDS)].every((one) => members.includes(one));
    let row = around(members);
    if (!row || !alone(row)) return null;
    while (row.parentElement && !row.matches("form, body") && alone(row.parentElement)) row = row.parentElement;
    return row;
  }

  // The line before the first of them. Nothing where it may as well belong to the field before.
  function written(members) {
    const nothing = { text: "", within: false };
    const first = members[0];
    const walker = document.createTreeWalker(first.getRootNode(), NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    walker.currentNode = first;
    let text = "";
    let top = null;
    let block = null;
    let brokenBefore = false;
    let brokenAfter = false;
    for (let node = walker.previousNode(); node; node = walker.previousNode()) {
      const other = fieldAt(node, members);
      if (other) {
        if (!text || blockOf(other) !== block || brokenBefore) break;
        const apart = brokenAfter || blockOf(first) !== block;
        if (apart || !/[:?*]$/.test(tidy(text))) return nothing;
        break;
      }
      if (node.nodeType === Node.ELEMENT_NODE) {
        if (node.matches("form, body, dialog, fieldset, legend")) break;
        if (node.matches("br") && text) brokenBefore = true;
        else if (node.matches("br")) brokenAfter = true;
        continue;
      }
      const place = node.parentElement;
      if (!tidy(node.data) || place.closest("script, style, template, [aria-hidden=true], [role=alert]") || !place.checkVisibility({ visibilityProperty: true })) continue;
      const label = place.closest("label");
      if (label && label.control) {
        if (members.includes(label.control)) continue;
        return text ? { text: tidy(text), within: false } : nothing;
      }
      if (brokenBefore || (block && blockOf(node) !== block)) continue;
      block = blockOf(node);
      top = node;
      text = node.data + text;
    }
    text = tidy(text);
    if (!top || text.length > 200) return nothing;
    const heading = top.parentElement.closest(HEADINGS);
    if (heading && !heads(members)) return nothing;
    const row = rowOf(members);
    const within = row !== null && row.contains(top);
    return within || leads(first) ? { text, within: within && !heading } : nothing;
  }

  // Where the first field has no words before it, those between the fields stand under theirs.
  function leads(field) {
    if (!field.form || field.matches("input[type=radio], input[type=checkbox]")) return true;
    const bare = [...field.form.elements].filter((one) => {
      const typed = one.matches(FIELDS) && !one.matches("[type=radio], [type=checkbox], [type=file], [type=submit], [type=button]");
      return typed && isSeen(one) && !one.labels.length && !one.matches("[aria-label], [aria-labelledby]");
    });
    return !bare.length || bare[0] === field || written([bare[0]]).text !== "";
  }

  // Is it the only field under its heading? Else that is a title of several.
  function heads(members) {
    const last = members[members.length - 1];
    const walker = document.createTreeWalker(last.getRootNode(), NodeFilter.SHOW_ELEMENT);
    walker.currentNode = last;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.matches(HEADINGS) || node.matches("legend")) return true;
      if (!members.includes(node) && node.matches(FIELDS) && node.checkVisibility()) return false;
    }
    return true;
  }

  // The words of one radio or box without a label: those of its own row, or up to the next one.
  function beside(input) {
    const row = rowOf([input]);
    if (row && tidy(words(row))) return tidy(words(row)).slice(0, 400);
    const others = input.name ? [...input.getRootNode().querySelectorAll(`input[type=${input.type}]`)] : [input];
    const members = others.filter((one) => one.name === input.name && one.form === input.form);
    if (!tidy(after(members[members.length - 1]))) return "";
    // "Oui ( ) Non ( ) …": the words may as well stand before.
    const before = inlineBefore(members[0]);
    return before && !/[:?*.]$/.test(before) ? "" : tidy(after(input));
  }

  function after(input) {
    let text = "";
    for (let node = input.nextSibling; node; node = node.nextSibling) {
      if (node.nodeType === Node.ELEMENT_NODE) {
        if (node.matches(`br, ${FIELDS}, button, label`) || node.querySelector(FIELDS)) break;
        if (!getComputedStyle(node).display.startsWith("inline")) break;
      }
      text += words(node);
    }
    return text;
  }

  function inlineBefore(input) {
    let text = "";
    for (let node = input.previousSibling; node; node = node.previousSibling) {
      if (node.nodeType === Node.ELEMENT_NODE) {
        if (node.matches(`br, ${FIELDS}, button`) || !getComputedStyle(node).display.startsWith("inline")) break;
      }
      text = words(node) + text;
    }
    return tidy(text);
  }

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
    const text = written(members).text;
    return { name: text, place: box, raw: text };
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

  const seeing = { isRendered, isSeen, isOffered, walk, modal };
  const naming = { FIELDS, tidy, bare, words, referred, ownName, labelText, groupName, nameOf, demanded };
  globalThis.jalerteParts = { ...seeing, ...naming };
})();
