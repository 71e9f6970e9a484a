// The browser's half of the stand-in. Like Wicket's script: round trips wait in one queue; a value is read when its
// trip begins, and a trip whose element has been drawn anew meanwhile is dropped without a word.
(function () {
  "use strict";
  const waiting = [];
  let underWay = false;

  function schedule(call) {
    waiting.push(call);
    if (!underWay) begin();
  }

  function begin() {
    const call = waiting.shift();
    underWay = Boolean(call);
    const indicator = document.getElementById("indicateur");
    if (indicator) indicator.hidden = !underWay;
    if (!call) return;
    const element = document.getElementById(call.c);
    if (!element) {
      begin();
      return;
    }
    const request = new XMLHttpRequest();
    request.open("POST", call.u);
    request.setRequestHeader("Wicket-Ajax", "true");
    request.setRequestHeader("Wicket-Ajax-BaseURL", "jalerte/");
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.onload = function () {
      answered(request);
      begin();
    };
    request.onerror = begin;
    request.send(body(call, element));
  }

  function body(call, element) {
    if (call.k === "upload") {
      const form = new FormData();
      form.append(element.name, element.files[0]);
      return form;
    }
    const sent = new URLSearchParams();
    if (call.k === "click") {
      element.querySelectorAll("input:checked").forEach(function (input) {
        sent.append(input.name, input.value);
      });
    } else if (element.name && call.k !== "remove") {
      sent.append(element.name, element.value);
    }
    if (call.message) sent.append("message", call.message);
    return sent;
  }

  function answered(request) {
    const address = request.getResponseHeader("Ajax-Location");
    if (address) {
      window.location.href = address;
      return;
    }
    if (!request.responseXML) return;
    request.responseXML.querySelectorAll("component").forEach(function (component) {
      const old = document.getElementById(component.getAttribute("id"));
      if (!old) return;
      jQuery(old).find("select.select2-hidden-accessible").select2("destroy");
      jQuery(old).replaceWith(component.textContent.trim());
    });
    request.responseXML.querySelectorAll("evaluate").forEach(function (script) {
      (0, eval)(script.textContent);
    });
  }

  function bind(call) {
    const element = document.getElementById(call.c);
    if (!element) return;
    const trip = schedule.bind(null, call);
    if (call.k === "late") {
      window.setTimeout(trip, call.d);
    } else if (call.k === "click") {
      jQuery(element).on("click", "input", trip);
    } else if (call.k === "remove") {
      jQuery(element).on("click", trip);
    } else if (call.k === "upload") {
      jQuery(element).on("change", function () {
        if (element.files.length) trip();
      });
    } else {
      if (call.k === "commune") searchable(element, call);
      if (element.tagName === "TEXTAREA") counted(element);
      jQuery(element).on("change", trip);
    }
  }

  function searchable(element, call) {
    jQuery(element).select2({
      ajax: {
        url: call.search,
        dataType: "json",
        delay: 250,
        data: function (asked) {
          return { q: asked.term };
        },
      },
      language: "fr",
      minimumInputLength: 3,
      placeholder: "Code postal",
      width: "100%",
    });
  }

  function counted(element) {
    const counter = document.getElementById(element.id + "-compteur");
    function count() {
      counter.textContent = element.value.length + " / " + element.maxLength + " caractères";
    }
    element.addEventListener("input", count);
    count();
  }

  function bindForm(call) {
    const form = document.getElementById(call.c);
    jQuery(form).on("keydown", "input[type=text]", function (event) {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (call.byEnter) form.querySelector("button.avant").click();
    });
  }

  window.addEventListener("message", function (event) {
    const token = document.getElementById("g-recaptcha-response");
    if (token && event.data && event.data.captcha) token.value = event.data.captcha;
  });

  window.Wicket = { Ajax: { ajax: bind }, Form: { bind: bindForm } };
})();
