// Headings of tables with several rows become buttons that sort by their column.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  table.querySelectorAll("th").forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].map((row) => {
        const cell = row.cells[column];
        const text = cell.textContent;
        return { row, text, missing: text === "–", value: "value" in cell.dataset ? Number(cell.dataset.value) : null };
      });
      const compare = (a, b) =>
        a.value !== null && b.value !== null
          ? a.value - b.value
          : a.text.localeCompare(b.text, undefined, { numeric: true });
      // What was not measured stands last, either way.
      rows.sort((a, b) => a.missing - b.missing || (up ? compare(a, b) : compare(b, a)));
      body.append(...rows.map(({ row }) => row));
    });
  });
}
