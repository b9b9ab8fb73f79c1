import type { AnyEvent, EventOf } from './events.js';
import { type Stream, type StreamEvent, type StreamOptions } from './types.js';
/**
 * Opens a stream and keeps it open until close(). Throws a TypeError if options.url is no address.
 * All other errors go to onError.
 *
 * connect<Streams, '/my/orders'>() knows the events of that path. Streams is the interface that
 * `pgherald types` prints.
 */
export declare function connect<E extends AnyEvent = StreamEvent>(options: StreamOptions<E>): Stream<E>;
export declare function connect<S extends object, P extends keyof S & string>(options: StreamOptions<EventOf<S, P>>): Stream<EventOf<S, P>>;
