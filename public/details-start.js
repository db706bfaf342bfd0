// The sections below the demo, and their style sheet, once the page itself runs.
const styled = () =>
  new Promise((done, failed) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: "./details.css", onload: done, onerror: failed });
    document.head.append(link);
  });
const start = async () => {
  const [{ default: init }] = await Promise.all([import("./details.js"), styled()]);
  await init();
};
if (document.body?.dataset.ready) start();
else addEventListener("TrunkApplicationStarted", start, { once: true });
