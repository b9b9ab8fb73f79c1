"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Source = void 0;
const backoff_js_1 = require("./backoff.js");
const breath_js_1 = require("./breath.js");
const items_js_1 = require("./items.js");
const page_js_1 = require("./page.js");
const patience_js_1 = require("./patience.js");
const parser_js_1 = require("./parser.js");
const types_js_1 = require("./types.js");
const stableMs = 10_000; // a connection that was open for longer resets the backoff
const answerMs = 20_000; // for the head of an answer, which the server may hold for 10 s
const pieceBytes = 32_768; // that are read in one go
const mutesMax = 2; // attempts without a byte
class Source {
    #access;
    #sink;
    #options;
    #backoff;
    #attempt; // after abort(), its reason is an Ending
    #wake = () => { };
    #leave = () => { };
    #silence;
    #loop; // the loop that start() has begun and stop() ends
    #retry = 0; // ms that the server asks for by `retry:`
    #mode = 'stream';
    #pagesUntil = 0;
    #mutes = 0;
    #renew = false; // the last token was refused, or has expired
    #hurried = false; // restart() was called, so nothing waits for the network
    #openedAt = 0;
    #closing; // what the server's `closing` event says
    constructor(access, sink, options) {
        this.#access = access;
        this.#sink = sink;
        this.#options = options;
        this.#backoff = new backoff_js_1.Backoff(options.backoff);
    }
    start() {
        if (this.#loop)
            return;
        const loop = (this.#loop = {});
        this.#leave = (0, page_js_1.watchPage)({ online: () => this.restart(), shown: () => this.#look() });
        void this.#run(loop);
    }
    stop() {
        this.#loop = undefined;
        this.#leave();
        this.#end({ then: 'now' });
        this.#wake();
    }
    /** Makes a new connection at once. */
    restart() {
        this.#hurried = true;
        this.#backoff.reset();
        this.#end({ then: 'now' });
        this.#wake();
    }
    // A page that was asleep had no timers, so it looks now.
    #look() {
        this.#silence?.check();
        this.#wake();
    }
    #end(ending) {
        this.#attempt?.abort(ending);
    }
    async #run(loop) {
        this.#sink.state('connecting');
        await Promise.resolve(); // a caller that stops at once makes no request
        while (this.#loop === loop) {
            const ending = await this.#try();
            if (this.#loop !== loop)
                return;
            this.#access.log(`the attempt has ended: ${ending.then}`, 'error' in ending ? ending.error.message : undefined);
            await this.#goOn(this.#judge(ending));
        }
    }
    async #goOn(ending) {
        if (ending.then === 'never')
            this.stop();
        else
            this.#sink.state('connecting');
        if ('error' in ending)
            this.#sink.error(ending.then === 'never' ? final(ending.error) : ending.error);
        if (ending.then !== 'never')
            await this.#pause(ending);
    }
    async #try() {
        const attempt = (this.#attempt = new AbortController());
        this.#openedAt = 0;
        this.#hurried = false;
        this.#closing = undefined;
        try {
            return await (this.#mode === 'stream' ? this.#stream(attempt.signal) : this.#pages(attempt.signal));
        }
        catch (error) {
            return attempt.signal.aborted ? attempt.signal.reason : await this.#failed(error);
        }
        finally {
            attempt.abort(); // lets go of the socket
            if (this.#attempt === attempt)
                this.#silence?.stop();
        }
    }
    // If not even this module comes, the network is away.
    async #failed(failure) {
        try {
            return await (await (0, patience_js_1.inTime)(Promise.resolve().then(() => require('./hints.js')))).endingOf(failure, this.#access);
        }
        catch {
            return late;
        }
    }
    // Remembers what the next attempt must know of this ending. Returns what follows.
    #judge(ending) {
        if (this.#openedAt > 0 && Date.now() - this.#openedAt > stableMs)
            this.#backoff.reset();
        if (this.#mode === 'probe')
            this.#mode = 'stream'; // no page came either, so no proxy holds streams back
        if (ending.then === 'mute' && ++this.#mutes >= mutesMax)
            [this.#mode, this.#mutes] = ['probe', 0];
        if (ending.then !== 'refused')
            return ending;
        if (this.#renew || !this.#access.renewable)
            return { then: 'never', error: ending.error };
        this.#renew = true;
        return { then: 'now' };
    }
    async #pause(ending) {
        const [now, long] = [Date.now(), this.#options.backoff.max ?? 30_000];
        if (ending.then === 'later')
            await this.#sleep(this.#backoff.next(Math.max(this.#retry, ending.floor ?? 0)));
        else if (ending.then === 'soon')
            await this.#sleep(this.#backoff.soon());
        if ((0, page_js_1.offline)() && !this.#hurried)
            await this.#sleep(long - (Date.now() - now)); // until `online`, but browsers are wrong about that at times
    }
    #sleep(ms) {
        return new Promise((resolve) => {
            if (!this.#loop)
                return resolve(); // onError has closed the stream
            const timer = setTimeout(resolve, ms);
            this.#wake = () => (clearTimeout(timer), resolve());
        });
    }
    #opened() {
        this.#openedAt ||= Date.now();
        this.#renew = false;
        this.#sink.state('open');
    }
    // --- a stream ---
    async #stream(signal) {
        const after = this.#sink.resumeFrom(), { fallback, staleAfter } = this.#options;
        const nothing = fallback ? { then: 'mute' } : late;
        this.#watch(answerMs, nothing);
        await this.#sink.prepare();
        let waits = true; // what an end means is loaded now, because the server may be away then
        Promise.resolve().then(() => require('./hints.js')).then(({ noteConnection }) => noteConnection(this.#access.url.origin, signal, (error) => waits && this.#sink.error(error)), () => { });
        const response = await this.#fetch(signal, 'text/event-stream', after && { header: after });
        waits = false;
        if (!response.body)
            return nothing; // this browser cannot read an answer as it comes
        this.#watch(fallback?.after ?? staleAfter, nothing);
        const reader = response.body.getReader();
        const parser = this.#parser(after === '', signal), breath = new breath_js_1.Breath();
        for (let first = true;; first = false) {
            const { done, value } = await reader.read();
            if (done)
                return lost;
            if (first)
                this.#watch(staleAfter, { then: 'now' }, true);
            this.#silence.heard();
            this.#sink.heard();
            for (let from = 0; from < value.length; from += pieceBytes) {
                parser.push(value.subarray(from, from + pieceBytes));
                await breath.take();
                if (signal.aborted)
                    throw signal.reason;
            }
            if (this.#closing !== undefined)
                return this.#closed(this.#closing);
        }
    }
    // Another token is asked for once. If that one is refused too, this is the end.
    async #closed({ reason, retry }) {
        const renewable = this.#access.renewable;
        if (reason === 'expired' || retry)
            this.#renew = renewable;
        const { endingOfClosing } = await (0, patience_js_1.inTime)(Promise.resolve().then(() => require('./hints.js')));
        return endingOfClosing(reason, retry && renewable);
    }
    // Ends the attempt after `ms` without a byte. stale: shows that state then.
    #watch(ms, ending, stale = false) {
        this.#silence?.stop();
        this.#silence = new backoff_js_1.Silence(ms, () => {
            if (stale)
                this.#sink.state('stale');
            this.#end(ending);
        });
    }
    #parser(fresh, signal) {
        return new parser_js_1.Parser({
            onRetry: (ms) => (this.#retry = ms),
            onEvent: (event) => {
                if (signal.aborted)
                    return; // the application has said so at an event before
                const item = (0, items_js_1.itemOf)(event, fresh, this.#access.parse);
                if ('name' in item)
                    this.#control(item);
                else if (this.#closing === undefined)
                    this.#take(item);
            },
        });
    }
    #take(item) {
        this.#mutes = 0;
        this.#sink.take(item);
        this.#opened();
    }
    #control({ name, data }) {
        if (name === 'closing')
            this.#closing = { reason: String(data['reason']), retry: data['retry'] === true };
        else if (typeof data['stream'] === 'string')
            this.#access.renew(data['stream']).catch(() => { }); // the server will say `expired`
    }
    // --- page by page ---
    async #pages(signal) {
        const { readPages } = await (0, patience_js_1.inTime)(Promise.resolve().then(() => require('./paging.js'))), { after, again } = this.#options.fallback;
        await readPages({
            first: this.#mode === 'probe',
            signal,
            parse: this.#access.parse,
            resumeFrom: () => this.#sink.resumeFrom(),
            take: (item) => this.#take(item),
            ask: (wait) => {
                this.#watch(wait * 1000 + (this.#mode === 'probe' ? after : answerMs), late);
                return this.#fetch(signal, 'application/json', { query: this.#sink.resumeFrom(), wait });
            },
            came: () => {
                this.#silence.stop();
                if (this.#mode === 'probe')
                    [this.#mode, this.#pagesUntil] = ['pages', Date.now() + again];
                this.#sink.heard();
                return this.#pagesUntil;
            },
        });
        [this.#mode, this.#mutes] = ['stream', mutesMax - 1];
        return { then: 'now' };
    }
    async #fetch(signal, type, place) {
        this.#access.log(`asks for ${type}`, place);
        const { url, headers } = await (0, patience_js_1.unlessAborted)(signal, this.#access.request({ renew: this.#renew }));
        headers['Accept'] = type;
        if (place && 'header' in place)
            headers['Last-Event-ID'] = place.header;
        if (place && 'query' in place) {
            if (place.query)
                url.searchParams.set('after', place.query);
            url.searchParams.set('wait', String(place.wait));
        }
        const response = await this.#access.fetch(url, { headers, signal, cache: 'no-store' });
        this.#access.log(`the answer is ${response.status}`);
        if (!response.ok)
            throw response;
        if (!response.headers.get('Content-Type')?.startsWith(type))
            throw new types_js_1.StreamError(`The answer is no ${type}: is this the address of a stream?`, false);
        return response;
    }
}
exports.Source = Source;
const late = { then: 'later', error: new types_js_1.StreamError('The server does not answer', false) };
const lost = { then: 'later', error: new types_js_1.StreamError('The connection was lost', false) };
const final = (error) => new types_js_1.StreamError(error.message, true, error.status, error.hint);
//# sourceMappingURL=source.js.map