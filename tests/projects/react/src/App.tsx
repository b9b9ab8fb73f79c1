import { useRows } from '@pgherald/client/react'
import { useState } from 'react'
import { server, type Streams } from './server'

export function App() {
  const [count, setCount] = useState(0)
  const { rows, status } = useRows<Streams, '/my/orders'>({ url: 'http://test/my/orders', key: 'id', fetch: server.fetch })
  return <button onClick={() => setCount(count + 1)}>before {count} {status} {rows.map(({ id, status }) => `${id}:${status.slice(0)}`).join()}</button>
}
