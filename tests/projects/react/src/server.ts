import { scripted } from '@pgherald/client/testing'

export interface Streams {
  '/my/orders': { 'orders.insert': { op: 'insert'; row: { id: number; status: string } } }
}

export const server = scripted({ state: () => [{ id: 1, status: 'new' }] })
Object.assign(window, { server })
