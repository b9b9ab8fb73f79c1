// a component of the server
import { connect, StreamError } from '@pgherald/client'

export default function Page() {
  return <p>{typeof connect} {new StreamError('no', false).message}</p>
}
