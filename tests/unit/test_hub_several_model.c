/* SPDX-License-Identifier: PostgreSQL */
/* One subscriber of several streams: random streams and events, and a model that asks each event by
 * itself. */
#include "hub/subscriber.h"

#include "model.h"

#define EVENTS 3000
#define SUBSCRIBERS 8
#define USERS 4
#define STORES 3
#define ROUNDS 30

/* Sets of users and stores as bits. */
struct people {
	uint32_t users, stores;
};

struct happened {
	struct cursor at;
	int topic, name;
	struct people audience, unless;
	bool has_unless, everyone;
	size_t len;
};

enum match { ALL, USER, STORE, USER_AND_STORE };

static const char *const topics[] = {"orders", "stock", "news"};
static const char *const names[] = {"insert", "update", "left", "bulk", "delete"};
enum { LEFT = 2, BULK = 3 };

/* Streams that share a topic have the same format, as the gate sees to it. */
static const struct shape {
	const char *path, *topics, *match, *events;
	enum match by;
	enum frame_format format;
	uint32_t topic_set, name_set; /* of the tables above */
} shapes[] = {
	{"/all", "orders", NULL, NULL, ALL, FRAME_NAMED, 1, 31},
	{"/mine", "orders", "user_id", NULL, USER, FRAME_NAMED, 1, 31},
	{"/store", "orders,stock", "store", NULL, STORE, FRAME_NAMED, 3, 31},
	{"/both", "stock,orders", "user_id,store", NULL, USER_AND_STORE, FRAME_NAMED, 3, 31},
	{"/some", "orders", "user_id", "insert", USER, FRAME_NAMED, 1, 13},
	{"/news", "news", NULL, NULL, ALL, FRAME_MESSAGE, 4, 31},
	{"/quiet", "nothing", NULL, NULL, ALL, FRAME_MESSAGE, 0, 31},
};

struct facet_model {
	const struct shape *shape;
	struct people wanted;
	uint32_t names; /* it was narrowed to these; 0: it was not */
};

struct client {
	struct taker taker;
	struct facet_model facets[SUBSCRIBER_PARTS_MAX];
	size_t facet_count; /* 0: not open */
	bool slow;          /* takes something now and then only */
};

static struct happened events[EVENTS];
static size_t event_count, lefts, kept;
static struct client clients[SUBSCRIBERS];

/* --- the model --- */

static bool meets(const struct facet_model *f, struct people audience)
{
	bool user = (f->wanted.users & audience.users) != 0,
	     store = (f->wanted.stores & audience.stores) != 0;

	switch (f->shape->by) {
	case ALL:
		return true;
	case USER:
		return user;
	case STORE:
		return store;
	case USER_AND_STORE:
		break;
	}
	return user && store;
}

static bool is_for(const struct facet_model *f, const struct happened *h)
{
	uint32_t always = 1 << LEFT | 1 << BULK, asked = f->names == 0 ? 31 : f->names | always;

	return (f->shape->topic_set >> h->topic & 1) &&
	       ((f->shape->name_set & asked) >> h->name & 1) &&
	       (h->everyone || meets(f, h->audience));
}

static bool model_sees(const struct client *c, const struct happened *h)
{
	bool sees = false, still = false;

	for (size_t i = 0; i < c->facet_count; i++) {
		sees = sees || is_for(&c->facets[i], h);
		still = still || (h->has_unless && !h->everyone &&
				  (c->facets[i].shape->topic_set >> h->topic & 1) &&
				  meets(&c->facets[i], h->unless));
	}
	lefts += sees && h->has_unless && !still;
	kept += sees && still;
	return sees && !still;
}

static enum frame_format format_of(const struct client *c, int topic)
{
	for (size_t i = 0; i < c->facet_count; i++)
		if (c->facets[i].shape->topic_set >> topic & 1)
			return c->facets[i].shape->format;
	return FRAME_NAMED;
}

static void check(struct client *c)
{
	struct buf expected;

	buf_init(&expected);
	for (size_t i = c->taker.since; i < event_count; i++) {
		const struct happened *h = &events[i];

		if (model_sees(c, h))
			expect(&c->taker, format_of(c, h->topic), &h->at, names[h->name], h->len,
			       &expected);
	}
	(void)compare(&c->taker, &expected, event_count);
	buf_release(&expected);
}

/* --- what happens --- */

static struct keys put_keys(struct text *items, struct people p)
{
	static const struct text users[USERS] = {T("user_id=0"), T("user_id=1"), T("user_id=22"),
						 T("user_id=2")};
	static const struct text stores[STORES] = {T("store=a"), T("store=b"), T("store=")};
	size_t count = 0;

	for (size_t i = 0; i < STORES; i++)
		if (p.stores >> i & 1)
			items[count++] = stores[i];
	for (size_t i = 0; i < USERS; i++)
		if (p.users >> i & 1)
			items[count++] = users[i];
	return (struct keys){items, count};
}

static struct people some_people(void)
{
	return (struct people){below(1 << USERS) & below(1 << USERS),
			       below(1 << STORES) & below(1 << STORES)};
}

static void publish(void)
{
	struct text audience[USERS + STORES], unless[USERS + STORES];
	struct happened *h = &events[event_count];
	struct event event;
	struct buf data;

	if (event_count == EVENTS)
		return;
	*h = (struct happened){.at = router.head,
			       .topic = (int)below(3),
			       .name = (int)below(5),
			       .audience = some_people(),
			       .everyone = below(40) == 0,
			       .len = below(30) == 0 ? below(60000) : below(300)};
	h->at.change = below(3) == 0 ? 1 : h->at.change + 1 + below(3);
	h->at.tick += h->at.change == 1;
	h->has_unless = h->name == LEFT;
	h->unless = some_people();
	event_count++;
	buf_init(&data);
	write_data(&data, h->len);
	event = (struct event){.at = h->at,
			       .topic = text_of(topics[h->topic]),
			       .name = text_of(names[h->name]),
			       .audience = put_keys(audience, h->audience),
			       .everyone = h->everyone,
			       .data = {data.data, data.len}};
	if (h->has_unless)
		event.unless = put_keys(unless, h->unless);
	router_publish(&router, &event);
	buf_release(&data);
}

static void leave(struct client *c)
{
	check(c);
	subscriber_leave(&c->taker.sub);
	c->facet_count = 0;
}

static void send_to(struct client *c)
{
	if (take_some(&c->taker))
		check(c);
	else
		leave(c);
}

static void join_facet(struct client *c, struct facet_model *f)
{
	struct text items[USERS + STORES];
	char *chosen[ARRAY_SIZE(names)];
	size_t count = 0;

	*f = (struct facet_model){&shapes[below(ARRAY_SIZE(shapes))], some_people(),
				  below(3) == 0 ? 1 + below(31) : 0};
	join(&router, &c->taker.sub, f->shape->path, put_keys(items, f->wanted));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (f->names >> i & 1)
			chosen[count++] = (char *)names[i];
	if (f->names != 0)
		part_narrow(&c->taker.sub.parts[c->taker.sub.part_count - 1], chosen, count);
}

/* One stream, or several, also the same one twice. Behind any event that the log still has. */
static void open_client(struct client *c)
{
	size_t count = below(4) == 0 ? 1 : 1 + below(SUBSCRIBER_PARTS_MAX),
	       back = below(4) == 0 ? below(300) : below(30), since;

	begin(&c->taker);
	c->slow = below(4) == 0;
	subscriber_expect(&c->taker.sub, count);
	while (c->facet_count < count)
		join_facet(c, &c->facets[c->facet_count++]);
	for (uint32_t n = below(3); n > 0; n--) /* it waits for a while */
		publish();
	since = event_count - (back < event_count ? back : event_count);
	go_live(&c->taker, since, since > 0 ? events[since - 1].at : router.head, event_count);
}

static void step(void)
{
	struct client *c = &clients[below(SUBSCRIBERS)];
	uint32_t what = below(100);

	if (what < 40) {
		for (uint32_t n = below(5); n > 0; n--)
			publish();
	} else if (what < 45 && c->facet_count > 0 && !c->slow) {
		leave(c);
	} else if (c->facet_count == 0) {
		open_client(c);
	} else if (!c->slow || below(200) == 0) {
		send_to(c);
	}
	take_touched();
}

static void run(uint32_t with_seed)
{
	struct stream_def defs[ARRAY_SIZE(shapes)];

	seed = with_seed;
	event_count = 0;
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	for (size_t d = 0; d < ARRAY_SIZE(shapes); d++) {
		defs[d] = make_def(shapes[d].path, shapes[d].topics, shapes[d].match,
				   shapes[d].events);
		defs[d].format = shapes[d].format;
	}
	define(&router, defs, ARRAY_SIZE(defs));
	while (event_count < EVENTS)
		step();
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		while (clients[i].facet_count > 0 && clients[i].taker.sub.pending)
			send_to(&clients[i]);
		if (clients[i].facet_count > 0)
			leave(&clients[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		assert_int_equal(stream_at(&router, shapes[i].path)->index.count, 0);
		assert_int_equal(stream_at(&router, shapes[i].path)->subscriber_count, 0);
	}
	router_release(&router);
}

TEST(a_connection_of_several_streams_gets_the_bytes_that_a_naive_model_says_and_no_others)
{
	log_setup(LOG_ERROR, false);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		buf_init(&clients[i].taker.got);
	for (uint32_t round = 1; round <= TIMES(ROUNDS); round++)
		run(round * 38);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		buf_release(&clients[i].taker.got);
	/* else this proves little */
	assert_true(resumed > TIMES(100) && fallen > TIMES(5) && lefts > TIMES(500) &&
		    kept > TIMES(500));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_connection_of_several_streams_gets_the_bytes_that_a_naive_model_says_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
