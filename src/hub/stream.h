/* SPDX-License-Identifier: PostgreSQL */
/*
 * stream.h: an address that subscribers open, as herald.stream() defines it.
 *
 * A stream has its recent events as entries that point into the shared log. It has its subscribers,
 * which are found by routing key.
 *
 * A routing key of a stream is the value of each key of its match, joined by NULs. They are in the
 * order of the definition, such as "user_id=7" or "store=a\0role=x". A stream that matches nothing
 * has the empty key, which every event has too. Values cannot hold a NUL, so no two lists of values
 * make the same key.
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
/* Up to this many routing keys of one event are kept, whoever is there. If there are more, only
 * those that somebody has are kept (reach.h). */
#define STREAM_KEYS_MAX 1024
/* The same holds for their bytes, because one long value may stand in every one of many keys. */
#define STREAM_KEYS_BYTES ((size_t)64 << 10)

/*
 * How values of a match's key compare with those of its routing columns. They do as they are, but
 * where a type writes equal values in one form only. AS_TYPE means that the database says it.
 */
enum stream_compare { STREAM_AS_TEXT, STREAM_AS_INT, STREAM_AS_UUID, STREAM_AS_TYPE };

/* What herald.streams says. The def owns all strings. */
struct stream_def {
	char *path;
	char **topics;
	size_t topic_count;
	char **events; /* NULL if all */
	size_t event_count;
	char *match_key[STREAM_MATCH_MAX]; /* "user_id" */
	/* "claims.sub", "params.store", "=literal", "function:schema.name" */
	char *match_source[STREAM_MATCH_MAX];
	enum stream_compare match_compare[STREAM_MATCH_MAX];
	size_t match_count;
	char *require;   /* JSON */
	char *authorize; /* SQL function that is asked as well, or NULL */
	char *snapshot;  /* SQL function that gives the state which comes first, or NULL */
	enum frame_format format;
	bool anonymous;
	bool sealed; /* data goes out sealed, or not at all */
};

void stream_def_release(struct stream_def *def);
/* Is a function of the application given the claims? */
bool stream_def_needs_claims(const struct stream_def *def);
/* Does a function of the application list values of this key, or of any? */
bool stream_def_lists_key(const struct stream_def *def, size_t key);
bool stream_def_lists(const struct stream_def *def);
/* True if a function of the application is asked at each opening, and again with a recheck. */
bool stream_def_asks(const struct stream_def *def);
bool stream_def_equal(const struct stream_def *a, const struct stream_def *b);

/* The bytes of an event in one form, with its chunk around them. at counts from the record's first
 * byte. len is 0 if the event was not made in this form. */
struct stream_frame {
	uint32_t at, len;
};

/*
 * One event of one stream, as offsets into the shared log. The stream's ring of entries owns it.
 * Its size counts for the log's (sharedlog_append).
 *
 * An entry may have no keys but those of `unless`. Then the event is for nobody of this stream and
 * has no frame. It only says who still sees the row.
 */
struct stream_entry {
	struct cursor at;
	/* The event's record, which begins with its name. The entry stays as long as the record
	 * does. */
	uint64_t record;
	uint32_t keys;   /* from the record's first byte on */
	uint32_t places; /* of these keys (reach.h), if they are many; 0 if they are few */
	struct stream_frame frames[FRAME_FORMS];
	uint32_t key_count, unless_count;
	/* Length of the event's name, which begins the record. 0 if stream_always_carries it. */
	uint16_t name_len;
	bool everyone;
	uint64_t hash; /* of its one key; valid only if key_count is 1 */
};

#define STREAM_BLOCK 64

struct stream {
	struct stream_def def;
	struct strmap index; /* routing key -> struct audience */
	/* Its parts (struct part of part.h). A connection may have several. */
	struct list subscribers;
	size_t subscriber_count;
	/* A ring of block_cap blocks, a power of two. Each has STREAM_BLOCK entries. A block stays
	 * as long as one of its entries does. */
	struct stream_entry **blocks;
	size_t block_cap;
	uint64_t first, next; /* numbers of the oldest entry and of the one to come */
	struct cursor since;  /* the stream has been followed from here on, in one history */
	/* The last event whose entry names only subscribers that were there (reach.h). */
	struct cursor partial;
	/* Its events have been framed in this form from here on. */
	struct cursor form_since[FRAME_FORMS];
	/* A bit for each form that somebody has asked for. FRAME_EVENTS is always set. */
	unsigned forms;
	bool gone; /* redefined or taken away; takes no new subscribers */
	/* The entries lack an event. It could not be sealed, or its keys do not fit into the log
	 * (router.h). */
	bool holed;
	struct list link; /* of streams that are gone and have subscribers left */
};

/* Subscribers that see the same routing key. The stream's index owns it. It stays as long as it has
 * seats. */
struct audience {
	struct list seats; /* of struct seat (part.h) */
	size_t key_len;
	char key[];
};

/* Makes a stream and takes def over. since is the cursor of the moment. Events up to it are not in
 * the entries. */
struct stream *stream_new(struct stream_def *def, struct cursor since);
void stream_free(struct stream *s); /* when it has no subscribers */

/* Does the stream carry events of this name? Every stream carries `left`, `bulk` and `schema`. */
bool stream_always_carries(struct text event_name);
bool stream_carries(const struct stream *s, struct text event_name);

/*
 * Appends the routing keys that these audience keys make for this stream. Each is written as its
 * length, a uint32, and its bytes. Returns how many they are.
 *
 * - There are several if a key of the match has several values.
 * - There are none if a key of the match has no value.
 * - STREAM_KEYS_MAX + 1 means that they are too many, or take more than `most` bytes. Then none is
 *   appended.
 */
uint32_t stream_append_keys(const struct stream *s, struct keys audience, size_t most,
			    struct buf *out);

/* Appends the routing key that these values make, one for each key of the match, in their order. */
void stream_append_key(const struct stream *s, const struct text *values, struct buf *out);

/* Sets *ret_key to the routing key that starts at `keys` in such bytes. Returns where the next one
 * starts. */
const char *stream_next_key(const char *keys, struct text *ret_key);

/* Appends the entry and returns its number. */
uint64_t stream_push(struct stream *s, const struct sharedlog *log,
		     const struct stream_entry *entry);
/* Forgets entries whose record is gone. */
void stream_trim(struct stream *s, const struct sharedlog *log);

static inline const struct stream_entry *stream_entry_at(const struct stream *s, uint64_t number)
{
	return &s->blocks[number / STREAM_BLOCK & (s->block_cap - 1)][number % STREAM_BLOCK];
}

/* Returns the number of the first entry after a cursor. Returns next if there is none. */
uint64_t stream_find(const struct stream *s, struct cursor after);

static inline bool stream_has_form(const struct stream *s, enum frame_form form)
{
	return s->forms & (1u << form);
}

/* From now on events are framed in this form too. head is the cursor of the last one that was
 * published. */
void stream_want_form(struct stream *s, enum frame_form form, struct cursor head);

/* Returns the cursor after which everything is in the entries, in this form. That holds for
 * subscribers that were there. For later ones it holds only after `partial`. */
struct cursor stream_floor(const struct stream *s, const struct sharedlog *log,
			   enum frame_form form);

/* Returns NULL if nobody has this key. */
struct audience *stream_audience(struct stream *s, const char *key, size_t len);
/* Makes the audience if it is missing. */
struct audience *stream_audience_make(struct stream *s, const char *key, size_t len);
/* Frees the audience if it is empty. */
void stream_audience_drop(struct stream *s, struct audience *a);

#endif
