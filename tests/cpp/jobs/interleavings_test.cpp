// G3, G24, G25: clients and the garbage collection at one digest, in every order of their steps, over the
// real code: whatever comes in between, what each client was answered is so in the end, nothing is there
// without its bytes, and nothing is left that nobody needs.
#include "jobs/interleavings.h"

#include "jobs/collector_fixture.h"
#include "jobs/stepping_meta.h"
#include "registry/actor.h"

#include <set>

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::seconds;

namespace {

/// What one client did at the digest, between two moments.
struct Deed {
    enum class Kind { set, named, deleted, restored };
    Kind kind;
    int began = 0;
    int ended = 0;
    bool acknowledged = false;
    std::set<std::string> tags = {};  ///< that it has set
};

/// How the digest is before it is played for. Its grace is over.
enum class Before { unneeded, deleted };

class Interleaved : public CollectorTest {
  protected:
    using Player = Interleavings::Player;

    void SetUp() override {
        CollectorTest::SetUp();
        parts.rules.delete_referenced = false;
        keeper_ = image(push(config_), {push("keeper")});
        ASSERT_TRUE(push_manifest(keeper_, tag("keeper")).has_value());
        collect_all();
    }

    // The digest.

    /// A manifest whose configuration another image needs, too.
    void make_manifest(Before before) {
        manifest_ = image(sha256(config_), {});
        manifest_.pop_back();
        manifest_ += R"(,"annotations":{"n":")" + std::to_string(++number_) + R"("}})";
        digest_ = sha256(manifest_);
        ASSERT_TRUE(push_manifest(manifest_, tag("old")).has_value());
        collect_all();
        if (before == Before::deleted) {
            ASSERT_TRUE(delete_manifest(digest_).has_value());
        } else {
            delete_tag("old");
        }
        end_grace();
    }
    /// A blob, and a manifest that would need it.
    void make_blob(Before before) {
        blob_ = "blob " + std::to_string(++number_);
        digest_ = push(blob_);
        manifest_ = image(digest_, {});
        if (before == Before::deleted) {
            ASSERT_TRUE(run(registry::delete_blob(parts, nobody, name, digest_)).has_value());
        }
        end_grace();
    }
    void end_grace() {
        collect_all();
        pass(grace + pending + seconds(1));
    }

    // The players.

    Task<> sweep(Step stop) {
        SteppingStore store(blobs, at_effects(stop));
        SteppingMeta facts(*meta, at_effects(stop));
        registry::Registry registry{store, facts, open_gate, clock, random, *sessions, manifests, {}};
        jobs::Collector stepping(registry, store, {grace, pending, 0}, log, metrics);
        for (;;) {
            auto const removed = co_await stepping.round(round);
            EXPECT_TRUE(removed.has_value());
            if (removed.has_error() || *removed == 0) co_return;
        }
    }
    /// Only where something has changed for clients, and at the first look at what is due: what comes at
    /// other steps comes as if at these.
    static Step at_effects(Step const& stop) {
        static std::set<std::string_view> const effects{
            "after review",
            "before lift",
            "after purge",
            "before unheld, stopped",
            "before remove_all, stopped",
            "after remove_all, stopped",
        };
        return [stop, looks = 0](std::string_view step) mutable {
            bool const first_look = step == "after due" && looks++ == 0;
            return first_look || effects.contains(step) ? stop(step) : no_stop();
        };
    }
    static Task<> no_stop() { co_return; }

    /// With stops before and after its bytes are stored.
    Task<> push_it(Step stop) {
        SteppingStore store(blobs, stop);
        registry::Registry registry{store, *meta, open_gate, clock, random, *sessions, manifests, {}};
        co_await set_tag(registry, name, "pushed");
    }
    Task<> tag_it(Step) { co_await set_tag(parts, name, "tagged"); }
    /// As a client that needs not push what is there: asks for it, and names it in an index.
    Task<> name_it(Step stop) {
        Deed deed{.kind = Deed::Kind::named, .began = ++time_};
        auto const found = co_await registry::stat_manifest(parts, name, digest_);
        if (found.has_error()) co_return;
        co_await stop("after HEAD");
        auto const index = index_of(digest_);
        oci::Reference const as = tag("index");
        registry::ManifestUpload upload{nobody, name, as, {}, oci_index, index};
        auto const pushed = co_await registry::push_manifest(parts, std::move(upload));
        if (pushed.has_value()) deed.tags = {"index"};
        note(std::move(deed), pushed.has_value());
    }
    Task<> delete_it(Step) {
        Deed deed{.kind = Deed::Kind::deleted, .began = ++time_};
        auto const done = co_await registry::delete_manifest(parts, nobody, name, digest_);
        if (done.has_error()) {
            EXPECT_EQ(done.error().code, Errc::manifest_unknown);
        }
        note(std::move(deed), done.has_value());
    }
    Task<> restore_it(Step) {
        Deed deed{.kind = Deed::Kind::restored, .began = ++time_};
        meta::RestoreRequest request{.repository = name, .digest = digest_};
        auto const done =
            co_await meta->collection().restore(std::move(request), registry::actor_of(nobody), clock.now());
        if (done.has_error()) {
            EXPECT_EQ(done.error().code, Errc::manifest_unknown);
        } else {
            deed.tags = {done->tags.begin(), done->tags.end()};
        }
        note(std::move(deed), done.has_value());
    }

    /// As docker: asks for the blob, pushes it if it is not there, and then the manifest.
    Task<> push_blob_and_manifest(Step stop) {
        Deed deed{.kind = Deed::Kind::named, .began = ++time_};
        auto const found = co_await registry::stat_blob(parts, name, digest_);
        co_await stop("after HEAD");
        if (found.has_error()) {
            EXPECT_TRUE((co_await push_blob_to(name)).has_value());
            co_await stop("after the blob");
        }
        auto const done = co_await put(parts, name, "pushed");
        if (done.has_value()) deed.tags = {"pushed"};
        note(std::move(deed), done.has_value());
    }
    /// Into another repository, where nothing else happens.
    Task<> mount_blob(Step stop) {
        auto const mounted = co_await registry::mount_blob(parts, nobody, name, elsewhere_, digest_);
        co_await stop("after the mount");
        if (mounted.has_error()) {
            EXPECT_TRUE((co_await push_blob_to(elsewhere_)).has_value());
            co_await stop("after the blob");
        }
        EXPECT_TRUE((co_await put(parts, elsewhere_, "mounted")).has_value());
    }
    Task<> delete_blob(Step) {
        Deed deed{.kind = Deed::Kind::deleted, .began = ++time_};
        auto const done = co_await registry::delete_blob(parts, nobody, name, digest_);
        note(std::move(deed), done.has_value());
    }

    // What they have in common.

    Task<Result<meta::BlobFact>> push_blob_to(oci::RepositoryName const& to) {
        TextSource body(blob_);
        co_return co_await registry::push_blob(parts, nobody, to, {body, {}, {}}, digest_);
    }
    Task<Result<registry::PushedManifest>> put(registry::Registry& registry, oci::RepositoryName const& to,
                                               std::string_view as) {
        oci::Reference const reference = tag(as);
        registry::ManifestUpload upload{nobody, to, reference, {}, oci_manifest, manifest_};
        co_return co_await registry::push_manifest(registry, std::move(upload));
    }
    Task<> set_tag(registry::Registry& registry, oci::RepositoryName const& to, std::string as) {
        Deed deed{.kind = Deed::Kind::set, .began = ++time_, .tags = {as}};
        auto const done = co_await put(registry, to, as);
        EXPECT_TRUE(done.has_value()) << "all that it names is there";
        note(std::move(deed), done.has_value());
    }
    static std::string index_of(oci::Digest const& child) {
        return R"({"schemaVersion":2,"mediaType":")" + std::string(oci_index) +
               R"(","manifests":[{"mediaType":")" + std::string(oci_manifest) + R"(","digest":")" +
               child.str() + R"(","size":3}]})";
    }
    void note(Deed deed, bool acknowledged) {
        deed.ended = ++time_;
        deed.acknowledged = acknowledged;
        deeds_.push_back(std::move(deed));
    }

    // What must be.

    /// Whether a deed of this kind was acknowledged that did not end before then.
    [[nodiscard]] bool any_since(int began, std::initializer_list<Deed::Kind> kinds) const {
        return std::ranges::any_of(deeds_, [&](Deed const& deed) {
            return deed.acknowledged && deed.ended > began &&
                   std::ranges::find(kinds, deed.kind) != kinds.end();
        });
    }
    [[nodiscard]] bool is_there() { return has_manifest(digest_) || has_link(digest_); }
    [[nodiscard]] std::vector<std::string> tags_in(oci::RepositoryName const& repository) {
        auto const found = run(meta->catalog().tags(repository, {{}, 100}));
        return found.has_value() ? found->items : std::vector<std::string>();
    }
    /// Of all deeds, in the light of the others; those that need a tag hold for ever.
    void expect_answers(bool later) {
        using Kind = Deed::Kind;
        auto const present = tags_in(name);
        auto const is_set = [&](std::string const& wanted) {
            return std::ranges::find(present, wanted) != present.end();
        };
        for (auto const& deed : deeds_) {
            bool const deleted = any_since(deed.began, {Kind::deleted});
            bool const named = deed.kind == Kind::named;
            if (!deed.acknowledged) {
                EXPECT_TRUE(deleted || !named) << "refused, though it was there";
                continue;
            }
            if (deed.kind == Kind::deleted) {
                bool const again = any_since(deed.began, {Kind::set, Kind::named, Kind::restored});
                EXPECT_TRUE(again || !is_there()) << "deleted, and there";
                continue;
            }
            bool const stays = !later || !deed.tags.empty();
            EXPECT_TRUE(deleted || !stays || is_there());
            for (auto const& each : deed.tags) {
                EXPECT_TRUE(is_set(each) || (deleted && !named)) << each << " is lost";
            }
        }
    }
    /// What a tag points to has all of its bytes.
    void expect_whole(oci::RepositoryName const& repository) {
        for (auto const& each : tags_in(repository)) {
            auto const found = run(meta->catalog().resolve(repository, oci::Tag::parse(each).value()));
            ASSERT_TRUE(found.has_value()) << each;
            EXPECT_TRUE(has_bytes(found->digest)) << each;
            if (found->digest != sha256(manifest_)) continue;
            auto const config = blob_.empty() ? sha256(config_) : digest_;
            EXPECT_TRUE(has_link(repository, config)) << each;
            EXPECT_TRUE(has_bytes(config)) << each;
        }
    }
    void expect_right() {
        for (bool const later : {false, true}) {
            SCOPED_TRACE(later ? "when every grace is over" : "at once");
            expect_answers(later);
            expect_whole(name);
            expect_whole(elsewhere_);
            EXPECT_TRUE(has_bytes(digest_) || !is_there());
            pass(grace + pending + seconds(1));
            restart_collector();
            collect_all();
        }
    }
    void expect_no_garbage() {
        for (auto const& repository : {name, elsewhere_}) {
            for (auto const& each : tags_in(repository)) {
                if (each == "keeper") continue;
                ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, repository, tag(each))).has_value());
            }
        }
        collect_all();
        pass(grace + pending + seconds(1));
        collect_all();
        EXPECT_EQ(stored(), 3U) << "the keeper's";
    }

    /// Plays them in every order; how many these were.
    std::size_t play(void (Interleaved::*make)(Before), Before before, std::vector<Player> const& players) {
        Interleavings orders;
        do {
            SCOPED_TRACE(testing::Message() << "order " << orders.played());
            deeds_.clear();
            (this->*make)(before);
            run(orders.play(players));
            expect_right();
            expect_no_garbage();
        } while (!HasFailure() && orders.next());
        return orders.played();
    }
    std::size_t play_manifest(Before before, std::vector<Player> const& players) {
        return play(&Interleaved::make_manifest, before, players);
    }
    std::size_t play_blob(Before before, std::vector<Player> const& players) {
        return play(&Interleaved::make_blob, before, players);
    }

    Player player(Task<> (Interleaved::*does)(Step)) {
        return [this, does](Step stop) { return (this->*does)(std::move(stop)); };
    }
    Player const sweeps = player(&Interleaved::sweep);
    Player const pushes = player(&Interleaved::push_it);
    Player const tags = player(&Interleaved::tag_it);
    Player const names = player(&Interleaved::name_it);
    Player const deletes = player(&Interleaved::delete_it);
    Player const restores = player(&Interleaved::restore_it);
    Player const pushes_blob = player(&Interleaved::push_blob_and_manifest);
    Player const mounts_blob = player(&Interleaved::mount_blob);
    Player const deletes_blob = player(&Interleaved::delete_blob);

  private:
    oci::RepositoryName const elsewhere_ = repository("elsewhere");
    std::string const config_ = "{}";
    std::string keeper_;
    std::string blob_;
    std::string manifest_;
    oci::Digest digest_ = sha256("");
    std::vector<Deed> deeds_;
    int number_ = 0;
    int time_ = 0;
};

constexpr Before both[] = {Before::unneeded, Before::deleted};

}  // namespace

// Of a manifest a sweep has up to 9 turns: the look at what is due, the review, the purge, the stop of its
// pushes, the look at what holds it, the removal of its bytes, and the review of its configuration. So there
// are up to 11! / 9! = 110 orders with two clients of one turn, 12! / (9! 2!) = 660 with one of two turns and
// one of one, and 12! / (9! 3!) = 220 with one of three; fewer, as a client that needs it makes the sweep
// shorter.

TEST_F(Interleaved, ATagADeletionAndASweepOfAManifest) {
    for (auto const before : both) EXPECT_GT(play_manifest(before, {tags, deletes, sweeps}), 10U);
}

TEST_F(Interleaved, ADeletionARestorationAndASweepOfAManifest) {
    for (auto const before : both) EXPECT_GT(play_manifest(before, {deletes, restores, sweeps}), 10U);
}

TEST_F(Interleaved, ATagARestorationAndASweepOfAManifest) {
    for (auto const before : both) EXPECT_GT(play_manifest(before, {tags, restores, sweeps}), 10U);
}

TEST_F(Interleaved, APushAndASweepOfAManifest) {
    for (auto const before : both) EXPECT_GT(play_manifest(before, {pushes, sweeps}), 10U);
}

TEST_F(Interleaved, AQuestionADeletionAndASweepOfAManifest) {
    EXPECT_GT(play_manifest(Before::unneeded, {names, deletes, sweeps}), 10U);
}

TEST_F(Interleaved, AQuestionARestorationAndASweepOfAManifest) {
    EXPECT_GT(play_manifest(Before::deleted, {names, restores, sweeps}), 10U);
}

// Without a sweep: 5! / 3! = 20 orders of two clients of one turn and a push of three, 7! / (3! 3!) = 140
// with another push; 6 of three clients of one turn, and up to 12 with a question of two.
TEST_F(Interleaved, ClientsOfAManifestAmongThemselves) {
    for (auto const before : both) {
        EXPECT_EQ(play_manifest(before, {pushes, deletes, restores}), 20U);
        EXPECT_EQ(play_manifest(before, {pushes, pushes, deletes}), 140U);
        EXPECT_EQ(play_manifest(before, {tags, deletes, restores}), 6U);
        EXPECT_GE(play_manifest(before, {names, deletes, tags}), 6U);
    }
}

// Of a blob a sweep has up to 7 turns: the look at what is due, the review, the purge, the stop of its
// pushes, the look at what holds it, and the removal of its bytes. A push and a mount have two turns, and
// three if the blob has to be sent: up to 11! / (7! 3!) = 1320 orders with a client of one turn, and 9! / 7!
// = 72 of two clients of one turn.

TEST_F(Interleaved, APushADeletionAndASweepOfABlob) {
    EXPECT_GT(play_blob(Before::unneeded, {pushes_blob, deletes_blob, sweeps}), 20U);
}

TEST_F(Interleaved, AMountADeletionAndASweepOfABlob) {
    EXPECT_GT(play_blob(Before::unneeded, {mounts_blob, deletes_blob, sweeps}), 20U);
}

TEST_F(Interleaved, AMountARestorationAndASweepOfABlob) {
    EXPECT_GT(play_blob(Before::deleted, {mounts_blob, restores, sweeps}), 20U);
}

TEST_F(Interleaved, ADeletionARestorationAndASweepOfABlob) {
    for (auto const before : both) EXPECT_GT(play_blob(before, {deletes_blob, restores, sweeps}), 10U);
}

// Without a sweep: up to 5! / 3! = 20 and 7! / (3! 3!) = 140 orders.
TEST_F(Interleaved, ClientsOfABlobAmongThemselves) {
    EXPECT_GE(play_blob(Before::unneeded, {pushes_blob, deletes_blob, restores}), 6U);
    EXPECT_GE(play_blob(Before::unneeded, {pushes_blob, mounts_blob, deletes_blob}), 20U);
}
