// Zooming into the flame graphs; everything can be read without it.
for (const flame of document.querySelectorAll("svg.flame")) {
  const figure = flame.closest("figure");
  const boxes = [...flame.children].map((box) => ({
    box,
    left: parseFloat(box.getAttribute("x")),
    width: parseFloat(box.getAttribute("width")),
    title: box.querySelector("title").textContent,
  }));
  const name = (item, width) => {
    if (item.box.querySelector("text") || width < 3) return;
    const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
    text.setAttribute("x", 4);
    text.setAttribute("y", 13);
    text.textContent = item.title.slice(0, item.title.lastIndexOf(": "));
    item.box.append(text);
  };
  const zoom = (to) => {
    for (const item of boxes) {
      const below = item.left <= to.left + 0.02 && item.left + item.width >= to.left + to.width - 0.02;
      const left = below ? 0 : ((item.left - to.left) / to.width) * 100;
      const width = below ? 100 : (item.width / to.width) * 100;
      item.box.style.display = left < -0.5 || left >= 100 ? "none" : "";
      item.box.setAttribute("x", left + "%");
      item.box.setAttribute("width", width + "%");
      item.box.classList.toggle("wide", width >= 20);
      name(item, width);
    }
    figure.querySelector(".chosen").textContent = to.title;
  };
  flame.classList.add("zooms");
  figure.querySelector(".hint").hidden = false;
  flame.addEventListener("click", (event) => {
    const hit = boxes.find((item) => item.box.contains(event.target));
    if (hit) zoom(hit);
  });
}
