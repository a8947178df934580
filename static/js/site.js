/* Finds what may behave, and teaches it. An element says data-behaviour="copy"; copy.js beside this file
   exports a function that takes the element. Everything works without; this only makes it nicer. */

const NAME = /^[a-z][a-z_]*$/u;

for (const element of document.querySelectorAll("[data-behaviour]")) {
  for (const name of element.dataset.behaviour.split(/\s+/u).filter((word) => NAME.test(word))) {
    import(`./${name}.js`).then(
      (module) => module.default(element),
      (fault) => console.warn(`behaviour ${name} did not load`, fault),
    );
  }
}
