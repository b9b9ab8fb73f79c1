'use client'
import { useRows } from '@pgherald/client/react'

export default function Page() {
  const { rows, status } = useRows<{ id: number }>({ url: '/my/orders', key: 'id', token: 't' })
  return <p>{`${status} ${rows.map(({ id }) => id.toFixed()).length}`}</p>
}
