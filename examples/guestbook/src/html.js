// HTML from templates: every value is escaped unless it is HTML made here.

class Html {
  constructor(text) {
    this.text = text
  }
  toString() {
    return this.text
  }
}

/** html`<b>${anything}</b>`: text is escaped, lists are joined, other html`…` is kept. */
export function html(strings, ...values) {
  return new Html(strings.reduce((text, string, index) => text + render(values[index - 1]) + string))
}

function render(value) {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  if (value === undefined || value === null || value === false) return ''
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
