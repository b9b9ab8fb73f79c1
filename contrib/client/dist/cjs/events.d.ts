/**
 * events.ts: the types of events. `pgherald types` prints what a program's streams tell, as an
 * interface `Streams`. Without it names are texts, and data is any.
 */
/** One event. The server's `left`, `bulk`, `schema`, `snapshot` and `ready` come this way too. */
export interface StreamEvent<T = any> {
    /**
     * Its place in the total order. It is empty for events that have none, as items of a snapshot.
     */
    id: string;
    /** Its name. In streams of plain messages it is the `type` of the data. */
    event: string;
    data: T;
    /** True if it came sealed. data is what was inside, or the sealed text if there are no `keys`. */
    sealed?: boolean;
}
/** What every type of events is like: StreamEvent, or a union that `pgherald types` prints. */
export interface AnyEvent {
    event: string;
    data: unknown;
}
/** The data of the server's own events. */
export interface ControlData {
    /** A row is not this subscriber's any more. */
    left: {
        topic: string;
        key: Record<string, any> | null;
    };
    /** More has changed than was told: fetch anew. */
    bulk: {
        topic: string;
        reason: 'muted' | 'fault' | 'truncate' | 'ddl' | 'crash';
    };
    /** Events of these topics look otherwise from here on. */
    schema: {
        topics: string[];
    };
    /** An item of the state that a stream begins with. */
    snapshot: any;
    /** The state is whole. */
    ready: {
        items: number;
    };
}
/** The union of the events in a map from names to data. */
export type EventsIn<M> = {
    [N in keyof M & string]: Omit<StreamEvent<M[N]>, 'event'> & {
        event: N;
    };
}[keyof M & string];
/** One of the server's own events. */
export type ControlEvent = EventsIn<ControlData>;
/**
 * The events of a stream by its path. S: the interface `Streams` that `pgherald types` prints. P:
 * a path in it, or several for a connection of several streams.
 */
export type EventOf<S, P extends keyof S> = P extends keyof S ? EventsIn<S[P]> : never;
/** The names that on() takes: those of events, and the server's own. */
export type NameOf<E extends AnyEvent> = E['event'] | keyof ControlData;
/** The data of the event with this name. */
export type DataOf<E extends AnyEvent, N extends string> = string extends E['event'] ? (N extends keyof ControlData ? ControlData[N] : any) : N extends E['event'] ? Extract<E, {
    event: N;
}>['data'] : N extends keyof ControlData ? ControlData[N] : never;
/** Takes an event of this name. */
export type Handler<E extends AnyEvent, N extends string> = (data: DataOf<E, N>, event: StreamEvent<DataOf<E, N>>) => void;
/** Functions by names of events. */
export type Handlers<E extends AnyEvent> = {
    [N in NameOf<E>]?: Handler<E, N>;
};
/** The rows that a stream's default events are about. Any object, if the events do not say. */
export type RowOf<E extends AnyEvent> = string extends E['event'] ? Record<string, any> : [RowIn<E['data']>] extends [never] ? Record<string, any> : RowIn<E['data']>;
type RowIn<D> = D extends {
    op: 'insert' | 'update';
    row: infer R extends object;
} ? R : never;
export {};
