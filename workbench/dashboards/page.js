"use strict"
// One page of gated results. It draws and filters what stands in it, and asks for nothing from anywhere. What is chosen is kept in
// the address after the "#", so that it can be sent on, and Back undoes it.

const page = JSON.parse(document.getElementById("page").textContent)
const SVG = "http://www.w3.org/2000/svg"
const DAYS_OF_YEAR = 365.25
const EVERYTHING = {view: "", hidden: [], find: "", until: null}
let chosen = {...EVERYTHING}

const by = (id) => document.getElementById(id)
const element = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children)
const svg = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children)
function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) made.setAttribute(name, value)
  made.append(...children)
  return made
}

// ---- What is chosen, and the address that says so.

const key = (compared, group) => `${compared}: ${group}`
const isShown = (card, group) => group === null || !chosen.hidden.includes(key(card.by, group))
const comparisons = new Map()
for (const card of page.cards) {
  if (!card.by) continue
  comparisons.set(card.by, [...new Set([...(comparisons.get(card.by) ?? []), ...card.groups])])
}
const times = [...new Set(page.cards.flatMap((card) => card.table.rows.map((row) => row.years)).filter((years) => years > 0))].sort((a, b) => a - b)

function readAddress() {
  const said = new URLSearchParams(location.hash.slice(1)), wrong = []
  const view = said.get("view") ?? "", until = Number(said.get("until")) || null
  const known = [...comparisons].flatMap(([compared, groups]) => groups.map((group) => key(compared, group)))
  if (view && !page.views.some((each) => each.id === view)) wrong.push(`results called “${view}”`)
  if (until && !times.includes(until)) wrong.push(`results at ${until} years`)
  for (const each of said.getAll("hide")) if (!known.includes(each)) wrong.push(`a group “${each}”`)
  chosen = {
    view: page.views.some((each) => each.id === view) ? view : "",
    hidden: said.getAll("hide").filter((each) => known.includes(each)),
    find: said.get("find") ?? "",
    until: times.includes(until) ? until : null,
  }
  return wrong.length ? `This page has no ${wrong.join(", and no ")}.` : ""
}

function choose(change) {
  chosen = {...chosen, ...change}
  const said = new URLSearchParams()
  if (chosen.view) said.set("view", chosen.view)
  for (const each of chosen.hidden) said.append("hide", each)
  if (chosen.until) said.set("until", chosen.until)
  if (chosen.find) said.set("find", chosen.find)
  const address = String(said) ? `#${said}` : location.pathname + location.search
  // While somebody types, each letter replaces the one before; other choices can be undone by Back.
  history["find" in change ? "replaceState" : "pushState"](null, "", address)
  show()
}

// ---- The controls.

const inYears = (years) => (years < 1 ? `${Math.round(years * DAYS_OF_YEAR)} days` : `${Number(years.toFixed(1))} year${years === 1 ? "" : "s"}`)

function makeControls() {
  const views = document.querySelector(".views")
  for (const {id, name} of page.views.length > 1 ? [{id: "", name: "All results"}, ...page.views] : []) {
    const button = element("button", {type: "button", "data-view": id}, name)
    button.addEventListener("click", () => choose({view: id}))
    views.append(button)
  }
  for (const [compared, groups] of comparisons) {
    const field = element("fieldset", {"data-by": compared}, element("legend", {}, compared))
    for (const group of groups) {
      const box = element("input", {type: "checkbox", value: key(compared, group)})
      box.addEventListener("change", () =>
        choose({hidden: box.checked ? chosen.hidden.filter((each) => each !== box.value) : [...chosen.hidden, box.value]}))
      field.append(element("label", {class: "chip"}, box, group))
    }
    document.querySelector(".choices").append(field)
  }
  by("until").append(element("option", {value: ""}, "whole"), ...times.map((years) => element("option", {value: years}, `up to ${inYears(years)}`)))
  by("until").addEventListener("change", (event) => choose({until: Number(event.target.value) || null}))
  by("find").addEventListener("input", (event) => choose({find: event.target.value}))
  by("reset").addEventListener("click", () => choose(EVERYTHING))
  by("filters").addEventListener("submit", (event) => event.preventDefault())
  addEventListener("hashchange", () => show(readAddress()))
  addEventListener("popstate", () => show(readAddress()))
}

function showControls() {
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === chosen.view)
  for (const box of document.querySelectorAll(".choices input")) box.checked = !chosen.hidden.includes(box.value)
  const inView = page.cards.filter(isInView)
  for (const field of document.querySelectorAll(".choices fieldset")) field.hidden = !inView.some((card) => card.by === field.dataset.by)
  by("until").value = chosen.until ?? ""
  by("until").closest("label").hidden = times.length < 2 || !inView.some((card) => card.table.rows.some((row) => row.years !== null))
  if (by("find").value !== chosen.find) by("find").value = chosen.find
}

// ---- The cards: a result each, with its plot, its table and its files.

const isInView = (card) => !chosen.view || card.views.includes(chosen.view)
function rowsOf(card) {
  const words = chosen.find.toLowerCase().split(/\s+/).filter(Boolean)
  return card.table.rows.filter((row) => {
    const text = row.cells.join(" ").toLowerCase()
    return isShown(card, row.group) && (row.years === null || !chosen.until || row.years <= chosen.until) && words.every((word) => text.includes(word))
  })
}
const columnsOf = (card) => card.table.columns.map((column, place) => ({...column, place})).filter((column) => isShown(card, column.group))

function show(wrong = "") {
  showControls()
  const main = by("results"), cards = page.cards.filter(isInView).filter((card) => !chosen.find || rowsOf(card).length)
  main.replaceChildren(...cards.map(cardOf))
  if (!cards.length) main.append(element("p", {class: "notice"}, `No table holds “${chosen.find}”. Find something else, or show everything.`))
  for (const card of cards) drawIn(card)
  const changed = chosen.view || chosen.hidden.length || chosen.find || chosen.until
  by("reset").hidden = !changed
  by("said").textContent = [wrong, changed ? `${cards.length} of ${page.cards.length} results` : `${page.cards.length} result${page.cards.length === 1 ? "" : "s"}`].filter(Boolean).join(" ")
}

function cardOf(card) {
  const heading = `title-${card.id}`
  const plot = card.plot ? element("div", {class: "plot", id: `plot-${card.id}`}) : null
  const right = element("div", {}, tableOf(card), element("div", {class: "notes"}, ...card.notes.map((note) => element("p", {}, note))), filesOf(card))
  const made = element("section", {class: "card", id: `result-${card.id}`, "aria-labelledby": heading}, element("h2", {id: heading}, card.title))
  if (card.who) made.append(element("p", {class: "who"}, `Who: ${card.who}`))
  made.append(element("div", {class: `beside${plot && card.plot.kind !== "words" ? " pair" : ""}`}, ...(plot ? [plot] : []), right))
  if (card.protocol) {
    const told = element("details", {}, element("summary", {}, "The cohort in words"))
    told.append(...card.protocol.split(/\n+/).map((line) => element("p", {class: "who"}, line)))
    made.append(told)
  }
  return made
}

function tableOf(card) {
  const columns = columnsOf(card), rows = rowsOf(card)
  if (card.by && !card.groups.some((group) => isShown(card, group))) return element("p", {class: "notice"}, "No group is chosen. Choose one above.")
  const head = element("tr", {}, ...columns.map((column) => element("th", {scope: "col", class: column.numeric ? "number" : null}, column.heading)))
  const body = rows.map((row) => element("tr", {}, ...columns.map((column) => element("td", {class: column.numeric ? "number" : null}, row.cells[column.place]))))
  const table = element("table", {class: card.table.long ? "long" : null}, element("thead", {}, head), element("tbody", {}, ...body))
  return element("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": card.title}, table)
}

function filesOf(card) {
  const button = element("button", {type: "button"}, "What is shown, as CSV")
  button.addEventListener("click", () => save(card))
  const links = card.files.map((file) => element("a", {href: `files/${file.path}`, download: ""}, file.what))
  return element("div", {class: "files"}, button, ...(links.length ? ["Whole:", ...links] : []))
}

function save(card) {
  const columns = columnsOf(card)
  // A spreadsheet takes a cell that begins so for a formula.
  const cell = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
  const lines = [columns.map((column) => column.heading), ...rowsOf(card).map((row) => columns.map((column) => row.cells[column.place]))]
  const file = new Blob(["\ufeff", lines.map((line) => line.map(cell).join(",")).join("\r\n"), "\r\n"], {type: "text/csv"})
  const link = element("a", {href: URL.createObjectURL(file), download: `${card.id}_shown.csv`})
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

// ---- The plots, drawn at the width that there is.

function drawIn(card) {
  const place = by(`plot-${card.id}`)
  if (!place) return
  // Beside the plot there may be too little room for the table: then it goes under it.
  if (place.parentElement.scrollWidth > place.parentElement.clientWidth) place.parentElement.classList.remove("pair")
  if (card.plot.kind === "words") place.append(element("p", {class: "words"}, card.plot.words))
  else if (card.plot.kind === "flow") place.innerHTML = card.plot.html // made of escaped text when the page was written
  else {
    const width = Math.max(280, Math.round(place.clientWidth))
    const drawn = card.plot.kind === "curves" ? drawCurves(card, width) : drawForest(card, width)
    if (drawn) place.append(drawn)
  }
}

const line = (x1, y1, x2, y2, css) => svg("line", {x1, y1, x2, y2, class: css})
const text = (x, y, words, anchor = "middle", css = null, colour = null) =>
  svg("text", {x, y, "text-anchor": anchor, class: css, style: colour ? `fill: ${colour}` : null}, words)

function mark(style, x, y, size) {
  const half = size / 2, colour = `fill: var(--g${style.number % 6})`
  const points = {
    square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    triangle: [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]],
    inverted_triangle: [[0, 1.15], [1.1, -0.85], [-1.1, -0.85]],
    diamond: [[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]],
    hex: [[-1, -0.6], [0, -1.15], [1, -0.6], [1, 0.6], [0, 1.15], [-1, 0.6]],
  }[style.marker]
  if (!points) return svg("circle", {cx: x, cy: y, r: half, style: colour})
  return svg("polygon", {points: points.map(([dx, dy]) => `${x + dx * half},${y + dy * half}`).join(" "), style: colour})
}

// Leave out what would touch what stands after it; the first and the last are kept.
function thinned(places, gap) {
  const [first, ...others] = places, kept = others.length ? [others.pop()] : []
  for (const each of others.reverse()) if (kept[0].x - each.x >= gap && each.x - first.x >= gap) kept.unshift(each)
  return [first, ...kept]
}

// Round times that a label stands at, in years: whole ones, or days where the axis is short.
function ticksOf(furthest, inDays) {
  const unit = inDays ? 1 / DAYS_OF_YEAR : 1, length = furthest / unit
  const steps = inDays ? [1, 2, 5, 10, 15, 30, 60, 90] : [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
  const step = steps.find((each) => length / each <= 8 && (inDays || each >= 1 || length <= 2.1)) ?? steps.at(-1)
  const numbers = Array.from({length: Math.floor(length / step + 0.1) + 1}, (_, place) => Number((place * step).toFixed(1)))
  return numbers.map((number) => ({years: number * unit, label: String(number)}))
}

function drawCurves(card, width) {
  const plot = card.plot, curves = plot.curves.filter((curve) => isShown(card, card.by ? curve.group : null))
  const upTo = (point) => !chosen.until || point[0] <= chosen.until
  if (!curves.length || !curves.some((curve) => curve.points.filter(upTo).length > 1)) return null
  const widest = 7 * Math.max(...curves.flatMap((curve) => curve.numbers.map((number) => number.length)))
  const left = 40, right = widest / 2 + 4, top = 30, high = width < 500 ? 220 : 280, rowHigh = 40
  const last = Math.max(...curves.flatMap((curve) => curve.points.filter(upTo).map((point) => point[0])))
  const ticks = ticksOf(last, plot.in_days), furthest = Math.max(last, ticks.at(-1).years)
  const x = (years) => left + (width - left - right) * (years / furthest), y = (share) => top + high * (1 - share)
  const under = top + high, beneath = under + 78
  const made = svg("svg", {viewBox: `0 0 ${width} ${beneath + curves.length * rowHigh}`, role: "img", "aria-label": `${card.title}. ${saidOf(card, curves, upTo)}`})
  for (const share of [0, 0.25, 0.5, 0.75, 1]) made.append(line(left, y(share), width - right, y(share), "rule"), text(left - 8, y(share) + 4, String(100 * share), "end", "soft"))
  made.append(line(left, under, width - right, under, "axis"), text(0, 12, plot.y_title, "start", "title"))
  for (const tick of ticks) made.append(line(x(tick.years), under, x(tick.years), under + 5, "axis"), text(x(tick.years), under + 20, tick.label, "middle", "soft"))
  // Numbers stand under marks, which are at the released times.
  const columns = thinned([...plot.columns.filter((each) => each < last), last].map((years) => ({years, x: x(years)})), widest + 8)
  made.append(text((left + width - right) / 2, under + 42, plot.x_title, "middle", "title"), text(0, beneath - 8, plot.beneath, "start", "title"))
  curves.forEach((curve, place) => made.append(...curveOf(curve, curve.points.filter(upTo), {x, y}), ...numbersOf(curve, columns, beneath + 14 + place * rowHigh)))
  return made
}

function curveOf(curve, points, {x, y}) {
  const stroke = `stroke: var(--g${curve.style.number % 6}); fill: none; stroke-width: 2`
  const bounded = points.filter((point) => point[2] !== null && point[3] !== null)
  const band = [...bounded.map((point) => [x(point[0]), y(point[3])]), ...bounded.map((point) => [x(point[0]), y(point[2])]).reverse()]
  const drawn = [
    svg("polygon", {points: band.join(" "), style: `fill: var(--g${curve.style.number % 6}); opacity: .13`}),
    svg("polyline", {points: points.map((point) => `${x(point[0])},${y(point[1])}`).join(" "), style: stroke, "stroke-dasharray": curve.style.dash.join(" ") || null}),
  ]
  for (const [years, share, low, up] of points) {
    const within = low === null || up === null ? "" : ` (${(100 * low).toFixed(1)} to ${(100 * up).toFixed(1)})`
    const dot = mark(curve.style, x(years), y(share), 8)
    dot.append(svg("title", {}, `${curve.name}: ${(100 * share).toFixed(1)} %${within} after ${inYears(years)}`))
    drawn.push(dot)
  }
  return drawn
}

function numbersOf(curve, columns, y) {
  const colour = `var(--t${curve.style.number % 6})`
  const drawn = [mark(curve.style, 5, y - 4, 8), text(16, y, curve.name, "start", null, colour)]
  for (const column of columns) {
    const place = curve.points.findIndex((point) => point[0] === column.years)
    if (place >= 0) drawn.push(text(column.x, y + 17, curve.numbers[place]))
  }
  return drawn
}

function saidOf(card, curves, upTo) {
  const ends = curves.map((curve) => {
    const last = curve.points.filter(upTo).at(-1)
    return `${curve.name}: ${(100 * last[1]).toFixed(0)} % after ${inYears(last[0])}`
  })
  return `At the last time shown: ${ends.join("; ")}. The numbers stand in the table beside.`
}

function drawForest(card, width) {
  const words = chosen.find.toLowerCase().split(/\s+/).filter(Boolean)
  const rows = card.plot.rows.filter((row, place) => words.every((word) => card.table.rows[place].cells.join(" ").toLowerCase().includes(word)))
  const known = rows.flatMap((row) => row.ratio ?? [])
  if (!rows.length || !known.length) return null
  const wide = width >= 560, left = wide ? Math.min(290, Math.round(0.46 * width)) : 8, right = 142, top = 8
  // Names wrap where they are long; in a narrow plot they stand above their lines.
  const names = rows.map((row) => wrapped(row.label, (wide ? left : width) - 12))
  const rowHigh = (place) => (wide ? Math.max(30, 15 * names[place].length + 8) : 15 * names[place].length + 36)
  const tops = rows.map((_, place) => top + rows.slice(0, place).reduce((sum, __, before) => sum + rowHigh(before), 0))
  const lowest = Math.min(0.8, ...known), highest = Math.max(1.25, ...known), span = Math.log(highest / lowest)
  const x = (ratio) => left + 8 + ((width - left - right - 16) * Math.log(ratio / lowest)) / span
  const under = tops.at(-1) + rowHigh(rows.length - 1)
  const made = svg("svg", {viewBox: `0 0 ${width} ${under + 52}`, role: "img", "aria-label": `${card.title}. ${rows.map((row) => `${row.label}: ${row.words}`).join("; ")}.`})
  const ticks = [0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 5, 10, 20].filter((each) => each >= lowest && each <= highest).map((each) => ({ratio: each, x: x(each)}))
  const labelled = thinned(ticks, 34)
  made.append(line(left, under, width - right, under, "axis"), text((left + width - right) / 2, under + 42, card.plot.x_title, "middle", "title"))
  for (const tick of labelled) made.append(text(tick.x, under + 18, String(tick.ratio), "middle", "soft"))
  rows.forEach((row, place) => {
    const lines = names[place], from = tops[place] + (wide ? 0 : 15 * lines.length + 8), to = tops[place] + rowHigh(place) - (wide ? 0 : 6)
    const middle = (from + to) / 2, first = wide ? middle + 4 - 7.5 * (lines.length - 1) : tops[place] + 14
    // No line goes through a name.
    for (const tick of labelled) made.append(line(tick.x, from, tick.x, to, tick.ratio === 1 ? "axis" : "rule"))
    lines.forEach((words, number) => made.append(text(0, first + 15 * number, words, "start")))
    made.append(text(width, middle + 4, row.words, "end", row.reference ? "soft" : null))
    if (!row.ratio) {
      if (row.reference) made.append(svg("polygon", {points: `${x(1)},${middle - 6} ${x(1) + 5},${middle} ${x(1)},${middle + 6} ${x(1) - 5},${middle}`, style: "fill: var(--soft)"}))
      return
    }
    const [ratio, low, up] = row.ratio.map(x)
    made.append(svg("line", {x1: low, x2: up, y1: middle, y2: middle, style: "stroke: var(--g0); stroke-width: 2"}))
    const dot = svg("rect", {x: ratio - 5, y: middle - 5, width: 10, height: 10, style: "fill: var(--g0)"}, svg("title", {}, `${row.label}: ${row.words}`))
    made.append(dot)
  })
  return made
}

// Words in lines no wider than there is room, as the page's own type measures them.
const measure = document.createElement("canvas").getContext("2d")
function wrapped(words, most) {
  measure.font = `12px ${getComputedStyle(document.body).fontFamily}`
  const lines = []
  for (const word of words.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word
    if (lines.length && measure.measureText(longer).width <= most) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

// ---- From here on.

makeControls()
show(readAddress())
let drawnFor = innerWidth
addEventListener("resize", () => {
  if (innerWidth !== drawnFor) requestAnimationFrame(() => show())
  drawnFor = innerWidth
})
