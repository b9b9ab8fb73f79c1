// COPY … FROM STDIN on a client of `pg`. By itself `pg` refuses when the server asks for data.
import pg from 'pg'

class Copy extends pg.Query {
  constructor(text, lines, callback) {
    super(text, [], callback)
    this.lines = lines
  }

  submit(connection) {
    connection.query(this.text) // the simple protocol
    return null
  }

  handleCopyInResponse(connection) {
    connection.sendCopyFromChunk(Buffer.from(this.lines))
    connection.endCopyFrom()
  }
}

/** rows: arrays of values that need no escaping. null stands for NULL. */
export function copy(client, target, rows) {
  const lines = rows.map((values) => `${values.map((value) => value ?? '\\N').join('\t')}\n`).join('')
  return new Promise((resolve, reject) => {
    client.query(new Copy(`COPY ${target} FROM STDIN`, lines, (error, result) => (error ? reject(error) : resolve(result))))
  })
}
