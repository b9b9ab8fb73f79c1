/* SPDX-License-Identifier: PostgreSQL */
/* One subscriber of several streams: random streams and events, and a model that asks each event by itself. */
#include "hub/subscriber.h"

#include "base/log.h"

#include "hub.h"

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
	struct subscriber sub;
	struct facet_model facets[SUBSCRIBER_PARTS_MAX];
	size_t facet_count; /* 0: not open */
	size_t since;       /* number of the event from which on it must get all */
	struct buf got;
	bool ready;
	bool slow; /* takes something now and then only */
};

static struct happened events[EVENTS];
static size_t event_count, resumed, fallen, lefts, kept;
static struct client clients[SUBSCRIBERS];
static struct router router;
static uint32_t seed;

static uint32_t below(uint32_t limit)
{
	return next_random(&seed) % limit;
}

/* --- the model --- */

static bool meets(const struct facet_model *f, struct people audience)
{
	bool user = (f->wanted.users & audience.users) != 0, store = (f->wanted.stores & audience.stores) != 0;

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

	return (f->shape->topic_set >> h->topic & 1) && ((f->shape->name_set & asked) >> h->name & 1) &&
	       (h->everyone || meets(f, h->audience));
}

static bool model_sees(const struct client *c, const struct happened *h)
{
	bool sees = false, still = false;

	for (size_t i = 0; i < c->facet_count; i++) {
		sees = sees || is_for(&c->facets[i], h);
		still = still || (h->has_unless && !h->everyone && (c->facets[i].shape->topic_set >> h->topic & 1) && meets(&c->facets[i], h->unless));
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

static void write_data(struct buf *out, size_t len)
{
	buf_append_str(out, "{\"d\": \"");
	buf_reserve(out, len);
	memset(out->data + out->len, 'x', len);
	out->len += len;
	buf_append_str(out, "\"}");
}

static void model_bytes(const struct client *c, struct buf *out)
{
	struct buf data;

	buf_init(&data);
	for (size_t i = c->since; i < event_count; i++) {
		const struct happened *h = &events[i];

		if (!model_sees(c, h))
			continue;
		buf_clear(&data);
		write_data(&data, h->len);
		(c->sub.bare ? frame_append_bare : frame_append)(out, format_of(c, h->topic), &h->at, frame_text(names[h->name]),
								 (struct text){data.data, data.len});
	}
	buf_release(&data);
}

static void check(struct client *c)
{
	struct buf expected;

	buf_init(&expected);
	model_bytes(c, &expected);
	assert_true(c->got.len <= expected.len);
	assert_memory_equal(c->got.data, expected.data, c->got.len);
	if (!c->sub.pending) {
		assert_int_equal(c->got.len, expected.len);
		c->since = event_count;
		buf_clear(&c->got);
	}
	buf_release(&expected);
}

/* --- what happens --- */

static struct keys put_keys(struct text *items, struct people p)
{
	static const struct text users[USERS] = {T("user_id=0"), T("user_id=1"), T("user_id=22"), T("user_id=2")};
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
	return (struct people){below(1 << USERS) & below(1 << USERS), below(1 << STORES) & below(1 << STORES)};
}

static void publish(void)
{
	struct text audience[USERS + STORES], unless[USERS + STORES];
	struct happened *h = &events[event_count];
	struct event event;
	struct buf data;

	if (event_count == EVENTS)
		return;
	*h = (struct happened){.at = router.head, .topic = (int)below(3), .name = (int)below(5), .audience = some_people(),
			       .everyone = below(40) == 0, .len = below(30) == 0 ? below(60000) : below(300)};
	h->at.change = below(3) == 0 ? 1 : h->at.change + 1 + below(3);
	h->at.tick += h->at.change == 1;
	h->has_unless = h->name == LEFT;
	h->unless = some_people();
	event_count++;
	buf_init(&data);
	write_data(&data, h->len);
	event = (struct event){.at = h->at, .topic = frame_text(topics[h->topic]), .name = frame_text(names[h->name]),
			       .audience = put_keys(audience, h->audience), .everyone = h->everyone, .data = {data.data, data.len}};
	if (h->has_unless)
		event.unless = put_keys(unless, h->unless);
	router_publish(&router, &event);
	buf_release(&data);
}

static void take_touched(void)
{
	while (!list_empty(&router.touched)) {
		struct subscriber *sub = list_first(&router.touched, struct subscriber, touched);

		list_remove(&sub->touched);
		container_of(sub, struct client, sub)->ready = true;
	}
}

static void leave(struct client *c)
{
	check(c);
	subscriber_leave(&c->sub);
	c->facet_count = 0;
}

static void send_to(struct client *c)
{
	if (subscriber_fell_off(&c->sub, &router.log)) {
		fallen++;
		leave(c);
		return;
	}
	assert_true(!c->sub.pending || c->ready); /* or it would wait for ever */
	if (c->sub.pending)
		send_some(&router, &c->sub, below(4) == 0 ? SIZE_MAX : below(2000), &c->got);
	c->ready = c->sub.pending;
	check(c);
}

static void join_facet(struct client *c, struct facet_model *f)
{
	struct text items[USERS + STORES];
	char *chosen[ARRAY_SIZE(names)];
	size_t count = 0;

	*f = (struct facet_model){&shapes[below(ARRAY_SIZE(shapes))], some_people(), below(3) == 0 ? 1 + below(31) : 0};
	join(&router, &c->sub, f->shape->path, put_keys(items, f->wanted));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (f->names >> i & 1)
			chosen[count++] = (char *)names[i];
	if (f->names != 0)
		part_narrow(&c->sub.parts[c->sub.part_count - 1], chosen, count);
}

/* One stream, or several, also the same one twice. Behind any event that the log still has. */
static void open_client(struct client *c)
{
	size_t count = below(4) == 0 ? 1 : 1 + below(SUBSCRIBER_PARTS_MAX), back = below(4) == 0 ? below(300) : below(30);

	c->sub = (struct subscriber){.bare = below(4) == 0};
	c->ready = false;
	c->slow = below(4) == 0;
	buf_clear(&c->got);
	subscriber_expect(&c->sub, count);
	while (c->facet_count < count)
		join_facet(c, &c->facets[c->facet_count++]);
	for (uint32_t n = below(3); n > 0; n--) /* it waits for a while */
		publish();
	c->since = event_count - (back < event_count ? back : event_count);
	if (c->since > 0 && router_holds_for(&router, &c->sub, events[c->since - 1].at)) {
		router_go_live(&router, &c->sub, events[c->since - 1].at);
		resumed++;
	} else {
		c->since = event_count;
		router_go_live(&router, &c->sub, router.head);
	}
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
		defs[d] = make_def(shapes[d].path, shapes[d].topics, shapes[d].match, shapes[d].events);
		defs[d].format = shapes[d].format;
	}
	define(&router, defs, ARRAY_SIZE(defs));
	while (event_count < EVENTS)
		step();
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		while (clients[i].facet_count > 0 && clients[i].sub.pending)
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
		buf_init(&clients[i].got);
	for (uint32_t round = 1; round <= ROUNDS; round++)
		run(round * 38);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		buf_release(&clients[i].got);
	assert_true(resumed > 100 && fallen > 5 && lefts > 500 && kept > 500); /* else this proves little */
}

/* --- what the model does not say --- */

static struct subscriber sub;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {make_def("/mine", "orders", "user_id", NULL), make_def("/store", "orders", "store", NULL),
				    make_def("/news", "news", NULL, NULL)};

	sub = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	define(&router, defs, ARRAY_SIZE(defs));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	subscriber_leave(&sub);
	router_release(&router);
	return 0;
}

static void tell(const char *topic, const char *name, struct keys audience, struct keys unless, const char *data)
{
	struct event event = {.at = AT(router.head.tick + 1, 1), .topic = frame_text(topic), .name = frame_text(name),
			      .audience = audience, .unless = unless, .data = frame_text(data)};

	router_publish(&router, &event);
}

static void join_three(void)
{
	subscriber_expect(&sub, 3);
	join(&router, &sub, "/mine", KEYS(T("user_id=7")));
	join(&router, &sub, "/store", KEYS(T("store=a")));
	join(&router, &sub, "/news", NOBODY);
	router_go_live(&router, &sub, router.head);
}

TEST(what_two_streams_show_is_sent_once_and_touches_once)
{
	join_three();
	tell("orders", "insert", KEYS(T("user_id=7"), T("store=a")), NOBODY, "1");
	tell("news", "said", NOBODY, NOBODY, "2");
	tell("orders", "insert", KEYS(T("store=a")), NOBODY, "3");
	tell("orders", "insert", KEYS(T("store=b"), T("user_id=8")), NOBODY, "4");
	assert_sees(&router, &sub, "1 2 3 ");
}

TEST(left_is_not_for_who_sees_the_row_by_another_stream_though_it_was_not_in_that_before)
{
	join_three();
	tell("orders", "left", KEYS(T("user_id=7")), KEYS(T("user_id=8"), T("store=a")), "1");
	tell("orders", "left", KEYS(T("user_id=7")), KEYS(T("user_id=8"), T("store=b")), "2");
	tell("orders", "left", KEYS(T("user_id=7"), T("store=a")), KEYS(T("user_id=7")), "3");
	assert_sees(&router, &sub, "2 ");
}

TEST(an_event_that_only_says_who_sees_a_row_still_is_nobodys)
{
	struct stream *s = stream_at(&router, "/store");

	join_three();
	tell("orders", "left", NOBODY, KEYS(T("store=a")), "1");
	assert_false(sub.pending);
	assert_int_equal(s->next, 0); /* it is not even in the log */
	tell("orders", "left", KEYS(T("user_id=8")), KEYS(T("store=a")), "2");
	assert_int_equal(s->next, 1);
	assert_false(sub.pending);
}

TEST(a_filter_is_its_own_parts_and_what_it_rejects_touches_nobody)
{
	static char update[] = "update", start[] = "updat";

	subscriber_expect(&sub, 2);
	join(&router, &sub, "/mine", KEYS(T("user_id=7")));
	part_narrow(&sub.parts[0], (char *[]){update, start}, 2);
	join(&router, &sub, "/news", NOBODY);
	router_go_live(&router, &sub, router.head);
	tell("orders", "insert", KEYS(T("user_id=7")), NOBODY, "1");
	tell("orders", "updates", KEYS(T("user_id=7")), NOBODY, "2");
	assert_true(list_empty(&router.touched) && !sub.pending);
	tell("news", "insert", NOBODY, NOBODY, "3");
	tell("orders", "update", KEYS(T("user_id=7")), NOBODY, "4");
	tell("orders", "left", KEYS(T("user_id=7")), KEYS(T("user_id=8")), "5");
	assert_sees(&router, &sub, "3 4 5 ");
}

TEST(the_log_must_hold_what_is_missed_of_every_stream)
{
	struct cursor before = router.head;

	join_three();
	tell("orders", "insert", KEYS(T("user_id=7")), NOBODY, "1");
	assert_true(router_holds_for(&router, &sub, before));
	stream_at(&router, "/news")->since = router.head;
	assert_false(router_holds_for(&router, &sub, before));
	assert_true(router_holds_for(&router, &sub, router.head));
}

TEST(events_of_others_that_were_forgotten_meanwhile_were_not_missed)
{
	static char data[100001];

	memset(data, 'x', sizeof(data) - 1);
	join_three();
	for (int i = 0; i < 30; i++)
		tell("orders", "insert", KEYS(T("store=b")), NOBODY, data);
	tell("news", "said", NOBODY, NOBODY, "1");
	assert_false(subscriber_fell_off(&sub, &router.log));
	assert_sees(&router, &sub, "1 ");
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_of_several_streams_gets_the_bytes_that_a_naive_model_says_and_no_others),
		IN_ROUTER(what_two_streams_show_is_sent_once_and_touches_once),
		IN_ROUTER(left_is_not_for_who_sees_the_row_by_another_stream_though_it_was_not_in_that_before),
		IN_ROUTER(an_event_that_only_says_who_sees_a_row_still_is_nobodys),
		IN_ROUTER(a_filter_is_its_own_parts_and_what_it_rejects_touches_nobody),
		IN_ROUTER(events_of_others_that_were_forgotten_meanwhile_were_not_missed),
		IN_ROUTER(the_log_must_hold_what_is_missed_of_every_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
