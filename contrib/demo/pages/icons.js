// SPDX-License-Identifier: PostgreSQL
/** icons.js: small drawings that need no font. Each stands at a word, so it is not read aloud. */

const svg = 'http://www.w3.org/2000/svg'
const paths = { // in a square of 16
  part: 'M2 5 8 2l6 3v6l-6 3-6-3zM2 5l6 3 6-3M8 8v6',
  invoice: 'M4 1.5h6l3 3v10H4zM10 1.5v3h3M6 8h5M6 11h5',
  customer: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14.5c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5',
  vehicle: 'M1.5 11.5v-3l2-.5 1.5-4h6l1.5 4 2 .5v3zM4.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z',
  email: 'M1.5 3.5h13v9h-13zM1.5 4l6.5 5 6.5-5',
  work: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4v4l3 2',
}

export function icon(name) {
  const element = document.createElementNS(svg, 'svg')
  for (const [key, value] of Object.entries({ viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true' })) element.setAttribute(key, value)
  const path = document.createElementNS(svg, 'path')
  path.setAttribute('d', paths[name])
  element.append(path)
  return element
}
