// SPDX-License-Identifier: PostgreSQL
/**
 * tabs.ts: one connection for all tabs of a browser that want the same stream as the same identity.
 * The tab that holds the Web Lock leads. It has the connection, and tells the other tabs by a
 * BroadcastChannel what comes. The components of a page share one in the same way.
 *
 * A tab that is busy or stopped answers nothing. So a tab that is shown asks a leader that is
 * silent. Without an answer it says `stale`, and takes the lock away. The leader needs no timer for
 * that, because browsers slow down those of hidden tabs.
 *
 * Nothing comes twice, whichever tab leads. Each tab has a cursor of its own, and takes only what
 * comes after it.
 *
 * Nothing is lost. A tab joins a leader by telling its cursor, and gets what the leader has told
 * since. Each tab remembers the last events for that. A tab may need older events, or the state
 * that the stream begins with. Then it opens a connection of its own (`alone`), and joins after
 * that.
 */
import { Silence } from './backoff.js';
import { isKnown } from './cursor.js';
import { tabsOfBrowser } from './medium.js';
import { shown } from './page.js';
import { Recent } from './recent.js';
import { StreamError } from './types.js';
const tickMs = 500;
const askAfter = 3; // ticks without a word of the leader
const staleAfterTicks = 6;
const stealAfter = 9;
const someId = () => Math.random().toString(36).slice(2) + Date.now().toString(36);
export class Tabs {
    #host;
    #name;
    #channel;
    #medium;
    #me = someId();
    #recent = new Recent();
    #dog; // notices a leader that says nothing for too long, because it was put to sleep
    #beat;
    #beatMs;
    #tick;
    #quiet = 0; // ticks since the leader was heard, while this tab was shown
    #told = []; // that the others have not been told yet
    #role = 'waiting';
    #leader = '';
    #count = 0; // of the items that the leader has told
    #epoch = ''; // another one after a reset, when older cursors mean nothing; empty while the server itself tells this tab
    #upto = ''; // a tab that is `alone` joins again at this id
    #plain; // true if the stream begins without a state
    #state = 'connecting';
    #beatAt = 0;
    #release = () => { };
    #waiting;
    #closed = false;
    constructor(name, staleAfter, host, medium = tabsOfBrowser) {
        this.#name = name;
        this.#host = host;
        this.#medium = medium;
        this.#channel = medium.channel(name);
        this.#channel.onmessage = ({ data }) => this.#hear(data);
        this.#dog = new Silence(staleAfter * (1 + Math.random() / 2), () => this.#queue(true));
        this.#beatMs = staleAfter / 4;
        this.#beat = setInterval(() => this.beat(), this.#beatMs);
        this.#tick = setInterval(() => this.#watch(), tickMs);
        this.#queue(false);
        this.#join();
    }
    close() {
        this.#flush();
        this.#closed = true;
        this.#dog.stop();
        clearInterval(this.#beat);
        clearInterval(this.#tick);
        this.#waiting?.abort();
        this.#release();
        this.#channel.close();
    }
    reconnect() {
        if (this.#role === 'following')
            this.#say({ kind: 'reconnect' });
        else
            this.#host.reconnect();
    }
    /** Tells the others that the leader's connection lives. */
    beat() {
        if (this.#role !== 'leading' || Date.now() - this.#beatAt < this.#beatMs / 2)
            return;
        this.#beatAt = Date.now();
        this.#say({ kind: 'beat', count: this.#count });
    }
    /** Takes each item of the tab's own connection, after the tab has taken it. */
    tell(item) {
        const before = this.#recent.from, received = this.#host.received();
        this.#learn(item);
        this.#recent.add(item, received);
        if (item.kind === 'reset')
            this.#flush();
        if (item.kind === 'reset')
            this.#epoch = this.#role === 'leading' ? someId() : '';
        if (this.#role === 'leading') {
            this.#count++;
            if (this.#told.push(item) === 1)
                queueMicrotask(() => this.#flush());
            if (before === '' && received !== '')
                this.#say({ kind: 'leader' });
        }
        else if (received !== '' && (this.#upto === '' || !isKnown(received, this.#upto) || received === this.#upto)) {
            this.#join();
        }
    }
    /** Takes the state of the tab's own connection. */
    tellState(state) {
        this.#show(state);
        if (this.#role === 'leading')
            this.#say({ kind: 'state', state });
    }
    /** Tells the others what has gone wrong with the leader's connection. */
    tellError({ message, status, hint }) {
        if (this.#role === 'leading')
            this.#say({ kind: 'error', message, status, hint });
    }
    // What one piece of the stream has brought is one message.
    #flush() {
        const items = this.#told;
        this.#told = [];
        if (items.length > 0 && this.#role === 'leading')
            this.#post({ kind: 'items', count: this.#count, items, epoch: this.#epoch });
    }
    #show(state) {
        this.#state = state;
        this.#host.state(state);
    }
    #learn(item) {
        if (item.kind === 'begin' && item.fresh)
            this.#plain = item.id !== '';
        if (item.kind === 'event' && item.event === 'snapshot')
            this.#plain = false;
    }
    #say(message) {
        this.#flush();
        this.#post(message);
    }
    #post(message) {
        if (!this.#closed)
            this.#channel.postMessage({ from: this.#me, ...message });
    }
    // --- a leader that is silent ---
    // Ticks are counted and not the time, because this tab may have been stopped itself.
    #watch() {
        if (this.#role === 'leading' || this.#role === 'alone' || !shown())
            return void (this.#quiet = 0);
        this.#quiet++;
        if (this.#quiet >= askAfter)
            this.#say({ kind: 'ask' });
        if (this.#quiet === staleAfterTicks)
            this.#show('stale');
        if (this.#quiet === stealAfter)
            this.#queue(true);
    }
    #heardLeader() {
        this.#dog.heard();
        const quiet = this.#quiet;
        this.#quiet = 0;
        if (quiet < staleAfterTicks || this.#role !== 'following')
            return;
        this.#role = 'waiting'; // for its state
        this.#join();
    }
    // --- the lock ---
    /** Waits for the lock. steal: takes it away from a leader that is silent. */
    #queue(steal) {
        this.#waiting?.abort();
        const waiting = (this.#waiting = new AbortController());
        const options = steal ? { steal: true } : { signal: waiting.signal };
        this.#medium.lock(this.#name, options, () => this.#lead(waiting.signal)).catch(() => this.#lost(waiting.signal));
    }
    // Leads until the promise that it returns is fulfilled.
    #lead(waiting) {
        if (this.#closed || waiting.aborted)
            return;
        const wasAlone = this.#role === 'alone';
        this.#role = 'leading';
        this.#leader = this.#me;
        this.#count = 0;
        this.#epoch ||= someId();
        this.#dog.stop();
        this.#say({ kind: 'leader' });
        if (!wasAlone)
            this.#host.connect();
        return new Promise((release) => (this.#release = release));
    }
    // Another tab has stolen the lock while this one was asleep. A wait that was given up ends here
    // too.
    #lost(waiting) {
        if (this.#closed || waiting.aborted)
            return;
        this.#host.disconnect();
        this.#role = 'waiting';
        this.#leader = '';
        this.#dog.heard();
        this.#queue(false);
        this.#join();
    }
    // --- what others say ---
    #hear(message) {
        if (this.#closed)
            return;
        if (message.from === this.#leader)
            this.#heardLeader();
        if (this.#role === 'leading')
            this.#hearAsLeader(message);
        else
            this.#hearAsFollower(message);
    }
    #hearAsLeader(message) {
        if (message.kind === 'reconnect')
            this.#host.reconnect();
        if (message.kind === 'ask')
            this.#say({ kind: 'beat', count: this.#count });
        if (message.kind !== 'join')
            return;
        const { from: to, cursor, epoch } = message;
        const received = this.#host.received(), strange = epoch !== '' && epoch !== this.#epoch;
        if (received === '')
            return; // there is no place to join at yet; tabs that wait are told when there is
        const items = cursor !== '' ? this.#recent.behind(cursor) : this.#plain ? [] : undefined;
        if (!items || strange)
            this.#say({ kind: 'alone', to, upto: this.#recent.from });
        else
            this.#say({ kind: 'welcome', to, count: this.#count, cursor: received, epoch: this.#epoch, state: this.#state, plain: this.#plain, items });
    }
    #hearAsFollower(message) {
        switch (message.kind) {
            case 'leader':
                return this.#follow(message.from);
            case 'welcome':
                return message.to === this.#me ? this.#welcomed(message) : undefined;
            case 'alone':
                return message.to === this.#me ? this.#goAlone(message.upto) : undefined;
            case 'beat':
                if (message.from === this.#leader && message.count !== this.#count)
                    this.#leader = ''; // a message was lost
                return this.#follow(message.from);
        }
        if (message.from !== this.#leader || this.#role !== 'following')
            return;
        if (message.kind === 'state')
            this.#show(message.state);
        else if (message.kind === 'error')
            this.#host.error(new StreamError(message.message, false, message.status, message.hint));
        else if (message.kind === 'items')
            this.#takeNext(message);
    }
    #join() {
        this.#say({ kind: 'join', cursor: this.#host.resumeFrom(), epoch: this.#epoch });
    }
    #follow(leader) {
        if (this.#role === 'following' && this.#leader === leader)
            return;
        if (this.#role === 'following')
            this.#role = 'waiting';
        this.#leader = leader;
        this.#dog.heard();
        this.#join();
    }
    #welcomed({ from, count, cursor, epoch, state, plain, items }) {
        const received = this.#host.received();
        if (this.#role === 'following' || (this.#role === 'alone' && received === ''))
            return;
        if (this.#role === 'alone')
            this.#host.disconnect();
        this.#role = 'following';
        this.#leader = from;
        this.#count = count;
        this.#epoch = epoch;
        this.#plain ??= plain;
        for (const item of items)
            this.#takeIn(item);
        this.#takeIn({ kind: 'place', id: cursor });
        this.#show(state);
    }
    #goAlone(upto) {
        this.#upto = upto;
        if (this.#role !== 'waiting')
            return;
        this.#role = 'alone';
        this.#epoch = '';
        this.#host.connect();
    }
    #takeNext({ count, items, epoch }) {
        if (count !== this.#count + items.length) {
            this.#role = 'waiting';
            return this.#join();
        }
        this.#count = count;
        this.#epoch = epoch;
        for (const item of items)
            this.#takeIn(item);
    }
    #takeIn(item) {
        this.#learn(item);
        if (this.#host.take(item))
            this.#recent.add(item, this.#host.received());
    }
}
//# sourceMappingURL=tabs.js.map