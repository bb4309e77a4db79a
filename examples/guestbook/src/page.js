// The one page that a person looks at.
import { html } from './html.js'

const number = new Intl.NumberFormat('en')
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })
const wholeMoney = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 })
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

export function homePage({ environment, counts, turnover, orders, entries }) {
  return layout(
    environment,
    html`
      <section aria-labelledby="glance">
        <h2 id="glance">At a glance</h2>
        <dl class="figures">
          ${figure('Customers', number.format(counts.customers))} ${figure('Orders', number.format(counts.orders))}
          ${figure('Turnover, last 30 days', wholeMoney.format(turnover / 100))} ${figure('Guest book entries', number.format(counts.entries))}
        </dl>
      </section>
      <div class="columns">
        <section aria-labelledby="orders">
          <h2 id="orders">Latest orders</h2>
          ${ordersTable(orders)}
        </section>
        <section aria-labelledby="guest-book">
          <h2 id="guest-book">Guest book</h2>
          ${entryForm()}
          <ol class="entries">
            ${entries.map(entryItem)}
          </ol>
        </section>
      </div>
    `,
  )
}

export function problemPage({ environment, title, text }) {
  return layout(
    environment,
    html`<section class="problem">
      <h2>${title}</h2>
      <p>${text}</p>
      <p><a href="/">Back to the shop</a></p>
    </section>`,
  )
}

function layout(environment, content) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${environment.shop} · ${environment.name}</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css">
  </head>
  <body data-environment="${environment.type}">
    <header>
      <div class="inner">
        <h1><img src="/icon.svg" alt="" width="36" height="36"> ${environment.shop}</h1>
        <p class="badge"><span class="dot" aria-hidden="true"></span><span class="visually-hidden">Environment:</span> ${environment.name} <small>${environment.type}</small></p>
      </div>
    </header>
    <main>${content}</main>
    <footer><p>Release <code>${environment.release}</code></p></footer>
  </body>
</html>
`.toString()
}

function figure(label, value) {
  return html`<div class="figure"><dt>${label}</dt><dd>${value}</dd></div>`
}

function ordersTable(orders) {
  if (orders.length === 0) return html`<p>No orders yet.</p>`
  return html`<div class="scroll" role="region" aria-labelledby="orders" tabindex="0">
    <table>
      <thead>
        <tr><th scope="col">Customer</th><th scope="col">Product</th><th scope="col">Total</th><th scope="col">Status</th></tr>
      </thead>
      <tbody>${orders.map(orderRow)}</tbody>
    </table>
  </div>`
}

function orderRow(order) {
  return html`<tr>
    <td>${order.name}<small>${order.email} · ${order.city}</small></td>
    <td>${order.quantity} × ${order.product}<small>${moment.format(order.ordered_at)}</small></td>
    <td class="amount">${money.format(order.total_cents / 100)}</td>
    <td><span class="status ${order.status}">${order.status}</span></td>
  </tr>`
}

function entryForm() {
  return html`<form method="post" action="/api/entries">
    <label for="name">Your name</label>
    <input id="name" name="name" required maxlength="80" autocomplete="name">
    <label for="message">Your message</label>
    <textarea id="message" name="message" required maxlength="1000" rows="3"></textarea>
    <button>Sign the guest book</button>
  </form>`
}

function entryItem(entry) {
  return html`<li>
    <p>${entry.message}</p>
    <footer><strong>${entry.name}</strong> <time datetime="${entry.created_at.toISOString()}">${moment.format(entry.created_at)}</time></footer>
  </li>`
}
