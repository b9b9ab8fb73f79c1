// SPDX-License-Identifier: PostgreSQL
/** commands.js: the commands of the first page. */

const b2 = '00000000-0000-4000-8000-0000000000b2'

/** The commands by what they show, with the addresses and tokens of this demo. */
export function commandsOf({ api, psql }, { ana, grace, joao, pieter }) {
  const curl = (path, token) => `curl -N "${api}${path}${path.includes('?') ? '&' : '?'}token=${token}"`
  const sql = (text) => `${psql} -c "${text}"`
  return {
    'An order goes on': [curl('/api/orders/stream', joao), curl('/api/orders/events?store=minha-loja', ana),
      sql("UPDATE example.orders SET order_status = 'Preparing' WHERE order_code = 'ORD-A7X3B2'")],
    'A user comes and goes': [curl('/api/events', grace), sql("INSERT INTO example.users (email, name) VALUES ('nuevo@whatsapp.local', 'Nuevo')"),
      sql("DELETE FROM example.users WHERE email = 'nuevo@whatsapp.local'")],
    'The garage': [curl('/api/workorders/stream', pieter), sql(`UPDATE example.parts SET status = 'ONTVANGEN' WHERE work_order_id = '${b2}'`),
      sql(`INSERT INTO example.invoices (work_order_id, amount) VALUES ('${b2}', 99.50)`),
      sql(`INSERT INTO example.emails (work_order_id, recipient, subject) VALUES ('${b2}', 'daan@example.com', 'Gereed')`),
      sql("UPDATE example.vehicles SET apk_until = '2027-12-15', refreshed_at = now() WHERE plate = 'XP-456-L'")],
    'A number, sealed': [curl('/stream/rounds/ROULETTE/123/v2/live?k=3', joao),
      sql("INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', '123', 25, 'red')")],
  }
}
