/* SPDX-License-Identifier: PostgreSQL */
/*
 * stream.h: an address that subscribers open, as herald.stream defines it; its recent events as
 * entries that point into the shared log; and its subscribers, found by routing key.
 *
 * A routing key of a stream is the value of each key of its match, in the order of the definition,
 * joined by NULs: "user_id=7" or "store=a\0role=x". A stream that matches nothing has the empty
 * key, which every event has too. Values cannot hold a NUL, so no two lists of values make the same
 * key.
 */
#ifndef HUB_STREAM_H
#define HUB_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/strmap.h"
#include "hub/event.h"
#include "hub/frame.h"
#include "hub/sharedlog.h"

#define STREAM_MATCH_MAX 4
/*
 * routing keys of one event that are kept, whoever is there; of more only those of who is (reach.h)
 */
#define STREAM_KEYS_MAX 1024
/* and their bytes, for one long value may stand in every one of many keys */
#define STREAM_KEYS_BYTES ((size_t)64 << 10)

/* What herald.streams says. All strings are owned by the def. */
struct stream_def {
	char *path;
	char **topics;
	size_t topic_count;
	char **events; /* NULL: all */
	size_t event_count;
	char *match_key[STREAM_MATCH_MAX];    /* "user_id" */
	char *match_source[STREAM_MATCH_MAX]; /* "claims.sub", "params.store", "=literal" */
	size_t match_count;
	char *require;   /* JSON */
	char *authorize; /* SQL function that is asked as well; NULL: none */
	char *snapshot;  /* SQL function that gives the state which comes first; NULL: none */
	enum frame_format format;
	bool anonymous;
	bool sealed; /* data goes out sealed, or not at all */
};

void stream_def_release(struct stream_def *def);
/* a function of the application is given them */
bool stream_def_needs_claims(const struct stream_def *def);
bool stream_def_equal(const struct stream_def *a, const struct stream_def *b);

/* The bytes of an event in one form, with its chunk around them, from the record's first byte on.
 * len 0: it was not made in this form. */
struct stream_frame {
	uint32_t at, len;
};

/* One event of one stream: offsets into the shared log. Owned by the stream's ring of entries.
 * Its size counts for the log's (sharedlog_append).
 * With no keys but those of `unless` it is for nobody, has no frame, and says only who sees the row
 * still. */
struct stream_entry {
	struct cursor at;
	/* the event's record, which begins with its name: the entry is there as long as that is */
	uint64_t record;
	uint32_t keys;   /* from the record's first byte on */
	uint32_t places; /* of these keys (reach.h), where they are many; 0: they are few */
	struct stream_frame frames[FRAME_FORMS];
	uint32_t key_count, unless_count;
	/* of the event's name, where the record begins; 0: stream_always_carries it */
	uint16_t name_len;
	bool everyone;
	uint64_t hash; /* of its one key; only valid where key_count is 1 */
};

#define STREAM_BLOCK 64

struct stream {
	struct stream_def def;
	struct strmap index; /* routing key -> struct audience */
	/* struct part of part.h: all of them; a connection may have several */
	struct list subscribers;
	size_t subscriber_count;
	/* of STREAM_BLOCK entries; a ring of block_cap, a power of two. A block is there while an
	 * entry of it is */
	struct stream_entry **blocks;
	size_t block_cap;
	uint64_t first, next; /* numbers of the oldest entry and of the one to come */
	struct cursor since;  /* the stream has been followed from here on, in one history */
	/* the last event of which the entries name only who was there (reach.h) */
	struct cursor partial;
	struct cursor form_since[FRAME_FORMS]; /* and its events have been framed in this form: */
	/* those that somebody has asked for, a bit each; FRAME_EVENTS always */
	unsigned forms;
	bool gone; /* defined anew or taken away: no new subscribers */
	/* an event is missing in the entries: it could not be sealed, or is for more than fit into
	 * the log (see router.h) */
	bool holed;
	struct list link; /* of streams that are gone and have subscribers left */
};

/* Subscribers that see the same routing key. Owned by the stream's index, there as long as it has
 * seats. */
struct audience {
	struct list seats; /* struct seat of part.h */
	size_t key_len;
	char key[];
};

/* Takes def over. since: the cursor of the moment, events up to it are not in the entries. */
struct stream *stream_new(struct stream_def *def, struct cursor since);
void stream_free(struct stream *s); /* has no subscribers */

/* Does the stream carry events of this name? `left`, `bulk` and `schema` always. */
bool stream_always_carries(struct text event_name);
bool stream_carries(const struct stream *s, struct text event_name);

/*
 * Appends the routing keys that these audience keys make for this stream, each as uint32 length and
 * bytes. Returns how many: more than one where a key of the match has several values, none where
 * one has no value; STREAM_KEYS_MAX + 1 where they are too many, or take more than `most` bytes:
 * then none is appended.
 */
uint32_t stream_append_keys(const struct stream *s, struct keys audience, size_t most,
			    struct buf *out);

/* Where the next routing key starts in such bytes; sets its text. */
const char *stream_next_key(const char *keys, struct text *ret_key);

/* its number */
uint64_t stream_push(struct stream *s, const struct sharedlog *log,
		     const struct stream_entry *entry);
/* forgets entries whose record is gone */
void stream_trim(struct stream *s, const struct sharedlog *log);

static inline const struct stream_entry *stream_entry_at(const struct stream *s, uint64_t number)
{
	return &s->blocks[number / STREAM_BLOCK & (s->block_cap - 1)][number % STREAM_BLOCK];
}

/* Number of the first entry behind a cursor (next where there is none). */
uint64_t stream_find(const struct stream *s, struct cursor after);

static inline bool stream_has_form(const struct stream *s, enum frame_form form)
{
	return s->forms & (1u << form);
}

/* Events behind this cursor, the last one that was published, are framed in this form too. */
void stream_want_form(struct stream *s, enum frame_form form, struct cursor head);

/* Everything behind this cursor is in the entries, in this form: for whoever was there; for who
 * comes later, behind `partial` only. */
struct cursor stream_floor(const struct stream *s, const struct sharedlog *log,
			   enum frame_form form);

/* NULL: nobody */
struct audience *stream_audience(struct stream *s, const char *key, size_t len);
/* makes it when missing */
struct audience *stream_audience_make(struct stream *s, const char *key, size_t len);
/* frees it when empty */
void stream_audience_drop(struct stream *s, struct audience *a);

#endif
