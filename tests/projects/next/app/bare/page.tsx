// a component of the server that uses one of the browser
import { HeraldProvider } from '@pgherald/client/example'

export default function Page() {
  return <HeraldProvider base="http://127.0.0.1:1"><p>inside</p></HeraldProvider>
}
