#include "auth/logins.h"

#include "auth/federation.h"
#include "auth/htpasswd.h"
#include "fixed_clock.h"
#include "jose/base64url.h"
#include "run.h"
#include "temporary_file.h"

#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::auth;
using namespace ocilot::test;
using std::chrono::seconds;
using testing::HasSubstr;

namespace {

// Of "secret", cost 4.
std::string const bcrypt = "$2y$04$gjX8xEQmiC/aA0DLH/KkTu5cOBzgIJuuTynh9c/lPrCzh/LB8ntmO";
constexpr std::string_view home = "192.0.2.1";
constexpr std::string_view elsewhere = "192.0.2.2";

/// A hook that knows `hooked`, and hangs as long as it is told to.
class SlowHook final : public policy::OpenGate {
  public:
    bool hangs = false;
    std::size_t asked = 0;
    std::vector<Resume<bool>> hanging;

    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::authenticate;
    }
    Task<Result<std::optional<policy::Login>>> authenticate(policy::Credentials credentials) override {
        ++asked;
        bool const is_known = credentials.name == "hooked" && credentials.password == "secret";
        if (hangs) {
            auto hang = [this](Resume<bool> resume) { hanging.push_back(std::move(resume)); };
            co_await suspend<bool>(std::move(hang));
        }
        std::optional<policy::Login> login;
        if (is_known) {
            policy::Caller caller;
            caller.name = "hooked";
            caller.kind = policy::CallerKind::user;
            login = std::move(caller);
        }
        co_return login;
    }
    void let_go() {
        hangs = false;
        for (auto& resume : std::exchange(hanging, {})) resume(true);
    }
};

/// An issuer that hangs.
class SlowKeys final : public KeySource {
  public:
    std::vector<std::pair<std::string, Resume<bool>>> hanging;

    Task<Result<std::shared_ptr<jose::PublicKeys const>>> keys(std::string issuer, std::string) override {
        auto hang = [this, &issuer](Resume<bool> resume) { hanging.emplace_back(issuer, std::move(resume)); };
        co_await suspend<bool>(std::move(hang));
        co_return Error{Errc::unavailable, "the issuer hangs"};
    }
    void let_go() {
        for (auto& [issuer, resume] : std::exchange(hanging, {})) resume(true);
    }
};

class LoginsTest : public testing::Test {
  protected:
    void SetUp() override {
        file.write("alice:" + bcrypt + "\nbob:" + bcrypt + "\n");
        users = Htpasswd::open(file.path(), clock, log).value();
        FederationRule const rule{{{"sub", {"*"}}}, "{sub}"};
        federation.emplace(Federation::make({{"one", "https://one.example", "registry", {rule}},
                                             {"two", "https://two.example", "registry", {rule}}})
                               .value());
        logins.emplace(LoginParts{.gate = hook,
                                  .pool = pool,
                                  .clock = clock,
                                  .random = random,
                                  .log = log,
                                  .metrics = metrics,
                                  .htpasswd = users.get(),
                                  .federation = &*federation,
                                  .issuers = &keys});
    }
    void TearDown() override {
        do {
            hook.let_go();
            keys.let_go();
            go_on();
        } while (!hook.hanging.empty() || !keys.hanging.empty());
    }

    Result<Login> login(std::string name, std::string password, std::string_view address = home) {
        return run(logins->login(std::move(name), std::move(password), std::string(address)));
    }
    /// Begins one that may have to wait; `done` counts those that have ended.
    void begin(std::string name, std::string password, std::string_view address = home) {
        asio::co_spawn(context.get_executor(),
                       count(std::move(name), std::move(password), std::string(address)), asio::detached);
    }
    Task<> count(std::string name, std::string password, std::string address) {
        auto const answer = co_await logins->login(std::move(name), std::move(password), std::move(address));
        ++done[answer.has_value() ? "in" : std::string(to_string(answer.error().code))];
    }
    /// Everything that can go on does.
    void go_on() {
        for (int idle = 0; idle < 3;) {
            context.restart();
            auto const ran = context.poll();
            // What the pool has in hand comes back before a job that is given to it now.
            auto nothing = []() -> Result<bool> { return true; };
            for (std::size_t i = 0; i < 2 * Logins::hash_slots; ++i) (void)run(pool.run(nothing));
            idle = ran == 0 ? idle + 1 : 0;
        }
    }
    static std::string token_of(std::string const& issuer, int number) {
        auto const part = [](std::string const& text) { return jose::to_base64url(text); };
        return part(R"({"alg":"ES256","kid":"k"})") + "." +
               part(R"({"iss":")" + issuer + R"(","sub":"s)" + std::to_string(number) + R"("})") + ".AAAA";
    }
    std::uint64_t hashed() { return metrics.counter("ocilot_auth_password_hashes_total", "").value(); }

    asio::io_context context{1};
    FixedClock clock;
    TemporaryFile file;
    MemorySink sink;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
    Metrics metrics;
    SystemRandom random;
    BlockingPool pool{1};
    SlowHook hook;
    SlowKeys keys;
    std::unique_ptr<Htpasswd> users;
    std::optional<Federation> federation;
    std::optional<Logins> logins;
    std::map<std::string, int> done;
};

}  // namespace

TEST_F(LoginsTest, AStalePasswordKeepsNobodyOut) {
    int refused = 0;
    for (int i = 0; i < 400; ++i) {
        auto const stale = login("alice", "the old one");
        ASSERT_TRUE(stale.has_error());
        if (stale.error().code == Errc::too_many_requests) {
            ++refused;
            EXPECT_GE(stale.error().retry_after, 1U);
        }
        clock.advance(std::chrono::milliseconds(250));
    }
    EXPECT_GT(refused, 300);
    EXPECT_TRUE(login("bob", "secret").has_value());
    EXPECT_TRUE(login("alice", "secret").has_value()) << "the new one, at the same address";
    EXPECT_LE(hashed(), 30U) << "the same wrong password is hashed less and less often";
}

TEST_F(LoginsTest, AWrongPasswordThatBecomesRightIsTaken) {
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(login("carol", "secret").has_error());
    EXPECT_EQ(login("carol", "secret").error().code, Errc::too_many_requests);
    file.write("alice:" + bcrypt + "\ncarol:" + bcrypt + "\n");
    clock.advance(seconds(5));
    EXPECT_TRUE(login("carol", "secret").has_value());
    EXPECT_TRUE(login("carol", "secret").has_value());
}

TEST_F(LoginsTest, GuessesOfDifferentPasswordsWait) {
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(login("alice", "wrong" + std::to_string(i)).error().code, Errc::unauthorized);
    auto const refused = login("alice", "wrong again");
    EXPECT_EQ(refused.error().code, Errc::too_many_requests);
    EXPECT_THAT(refused.error().message, HasSubstr("retry in 1 s"));
    EXPECT_TRUE(login("bob", "secret").has_value());
    EXPECT_TRUE(login("alice", "secret", elsewhere).has_value());
    clock.advance(seconds(refused.error().retry_after));
    EXPECT_TRUE(login("alice", "secret").has_value()) << "when the time is over that was told";
}

TEST_F(LoginsTest, AHangingHookKeepsNobodyOutWhomItNeedNotAsk) {
    hook.hangs = true;
    for (int i = 0; i < 300; ++i) begin("nobody" + std::to_string(i), "x");
    go_on();
    EXPECT_EQ(hook.hanging.size(), 8U) << "one address has a part of the places";
    EXPECT_EQ(done["too_many_requests"], 300 - 2 - 64) << "and a line of its own";
    EXPECT_TRUE(login("alice", "secret").has_value()) << "a user of the file";
    begin("hooked", "secret", elsewhere);
    go_on();
    EXPECT_EQ(hook.hanging.size(), 9U) << "another address is asked for at once";
}

TEST_F(LoginsTest, WorkThatIsRefusedCostsTheBudgetOfItsAddress) {
    hook.hangs = true;
    for (int i = 0; i < 600; ++i) begin("nobody" + std::to_string(i), "x");
    go_on();
    auto const before = hashed();
    begin("one more", "x");
    go_on();
    EXPECT_EQ(hashed(), before) << "no work for an address that floods";
    begin("one more", "x", elsewhere);
    go_on();
    EXPECT_EQ(hashed(), before + 1);
}

TEST_F(LoginsTest, AHangingIssuerKeepsNobodyOutOfAnother) {
    for (int address = 0; address < 20; ++address)
        for (int i = 0; i < 10; ++i)
            begin("", token_of("https://one.example", address * 10 + i),
                  "198.51.100." + std::to_string(address));
    go_on();
    EXPECT_EQ(keys.hanging.size(), 64U);
    begin("", token_of("https://two.example", 0));
    go_on();
    ASSERT_EQ(keys.hanging.size(), 65U);
    EXPECT_EQ(keys.hanging.back().first, "https://two.example");
    EXPECT_TRUE(login("alice", "secret").has_value());
    EXPECT_EQ(login("", token_of("https://three.example", 0)).error().code, Errc::unauthorized);
}

TEST_F(LoginsTest, TheLineOfAFloodIsNotTheLineOfOthers) {
    for (int i = 0; i < 60; ++i) begin("alice" + std::to_string(i), "wrong");
    begin("alice", "secret", elsewhere);
    context.poll();
    // Two are hashed at once. Then it is the other's turn.
    for (int hashes = 0; done["in"] == 0; ++hashes) {
        ASSERT_LT(hashes, 8);
        auto nothing = []() -> Result<bool> { return true; };
        (void)run(pool.run(nothing));
        context.restart();
        context.poll();
    }
    EXPECT_LE(hashed(), 8U);
}

TEST_F(LoginsTest, TellTheMarkOfTheLineThatLetThemIn) {
    auto const first = login("alice", "secret").value();
    EXPECT_EQ(first.htpasswd_fingerprint, users->fingerprint("alice").value());
    EXPECT_EQ(login("alice", "secret")->htpasswd_fingerprint, first.htpasswd_fingerprint) << "remembered";
    EXPECT_EQ(users->fingerprint("carol").value(), std::nullopt);
}
