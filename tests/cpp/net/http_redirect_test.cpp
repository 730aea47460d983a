#include "base/task_group.h"
#include "http_fixture.h"

#include <boost/asio/this_coro.hpp>

using namespace ocilot;
using test::hang_up;
using test::ok;
using test::redirect_to;
using test::WireServer;
using testing::HasSubstr;
using testing::Not;

namespace {

using HttpRedirect = test::HttpFixture;

Task<> quietly_cancelled(net::HttpClient& client, net::HttpRequest request,
                         std::optional<Result<net::HttpResponse>>& result) {
    co_await asio::this_coro::throw_if_cancelled(false);
    result.emplace(co_await client.send(std::move(request)));
}

}  // namespace

TEST_F(HttpRedirect, IsFollowedOnlyWhenAsked) {
    WireServer server({{redirect_to("/there"), redirect_to("there?x"), ok("there")}});
    EXPECT_EQ(get(server.url()).value().status, 302U);
    auto const document = fetch({.url = server.url(), .redirects = {.max = 1}}).value();
    EXPECT_EQ(document.body, "there");
    EXPECT_EQ(document.url, server.url("/there?x"));
    EXPECT_EQ(server.connections(), 1U) << "a short body is read, so that the connection can be kept";
}

TEST_F(HttpRedirect, IsFollowedForEveryStatusThatMeansIt) {
    for (unsigned const status : {301U, 302U, 303U, 307U, 308U}) {
        WireServer server({{redirect_to("/there", status), ok("there")}});
        EXPECT_EQ(fetch({.url = server.url(), .redirects = {.max = 1}}).value().body, "there");
    }
    WireServer other({{redirect_to("/there", 304), "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"}});
    EXPECT_EQ(fetch({.url = other.url(), .redirects = {.max = 1}}).value().status, 304U);
    EXPECT_EQ(fetch({.url = other.url(), .redirects = {.max = 1}}).value().status, 302U)
        << "without Location";
}

TEST_F(HttpRedirect, IsBounded) {
    WireServer server({std::vector<test::Reply>(10, redirect_to("/"))});
    EXPECT_THAT(failure({.url = server.url(), .redirects = {.max = 5}}), HasSubstr("more than 5 redirects"));
    EXPECT_EQ(server.requests().size(), 6U);
    WireServer other({std::vector<test::Reply>(2, redirect_to("/"))});
    EXPECT_THAT(failure({.url = other.url(), .redirects = {.max = 1}}),
                ::testing::EndsWith("more than 1 redirect"));
}

TEST_F(HttpRedirect, IsLeftToTheCallerForOtherMethods) {
    WireServer server({{redirect_to("/", 307)}});
    auto const document = fetch({.method = "POST", .url = server.url(), .redirects = {.max = 5}}).value();
    EXPECT_EQ(document.status, 307U);
    EXPECT_EQ(net::find_header(document.headers, "location"), "/");
}

TEST_F(HttpRedirect, LeavesHttpsOnlyIfThatIsAllowed) {
    WireServer plain({{ok("hello")}});
    auto const certificate = named("DNS:localhost");
    WireServer server({{redirect_to(plain.url("/secret")), redirect_to(plain.url())}},
                      {.certificate = &certificate});
    auto const message = failure({.url = server.url(), .redirects = {.max = 5}}, Errc::denied);
    EXPECT_THAT(message, HasSubstr("redirect from https to http://localhost:"));
    EXPECT_THAT(message, Not(HasSubstr("secret")));
    EXPECT_TRUE(plain.requests().empty());
    auto const document = fetch({.url = server.url(), .redirects = {.max = 5, .downgrade = true}});
    EXPECT_EQ(document.value().body, "hello");
}

TEST_F(HttpRedirect, CarriesNoCredentialsToAnotherOrigin) {
    WireServer other({{redirect_to("/back"), ok("hello")}});
    WireServer server({{redirect_to("/again"), redirect_to(other.url())}});
    net::HttpRequest request{.url = server.url(), .redirects = {.max = 5}};
    request.headers = {{"authorization", "Bearer secret"},
                       {"Cookie", "a=secret"},
                       {"Private-Token", "secret"},
                       {"X-Amz-Security-Token", "secret"},
                       {"Accept", "*/*"}};
    request.body = "secret";
    EXPECT_TRUE(fetch(std::move(request)).has_value());
    EXPECT_THAT(server.requests().at(1), HasSubstr("Bearer secret"));
    for (auto const& seen : other.requests()) {
        EXPECT_THAT(seen, Not(HasSubstr("secret")));
        EXPECT_THAT(seen, HasSubstr("Accept: */*"));
    }
}

TEST_F(HttpRedirect, MayHaveALongerBodyThanWhatItLeadsTo) {
    auto const long_redirect =
        "HTTP/1.1 307 Elsewhere\r\nLocation: /there\r\nContent-Length: 10\r\n\r\n0123456789";
    WireServer server({{long_redirect}, {ok("hello")}});
    EXPECT_EQ(fetch({.url = server.url(), .max_body = 5, .redirects = {.max = 1}}).value().body, "hello");
}

TEST_F(HttpRedirect, IsNotFollowedByACancelledTask) {
    auto const unfinished = test::hold("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 9\r\n\r\n");
    WireServer server({{ok("1"), unfinished}, {ok("2"), unfinished}});
    std::vector<net::HttpResponse> kept;
    for (int i = 0; i < 2; ++i) kept.push_back(send({.url = server.url()}).value());  // At the same time.
    for (auto const& response : kept) ASSERT_TRUE(run(net::read_all(*response.body, 10)).has_value());
    ASSERT_EQ(idle(), 2U);
    TaskGroup group(context.get_executor());
    std::optional<Result<net::HttpResponse>> result;
    group.spawn(quietly_cancelled(*client, {.url = server.url(), .redirects = {.max = 1}}, result));
    context.restart();
    while (server.requests().size() < 3) context.poll_one();
    context.run_for(std::chrono::milliseconds(50));  // It reads the body that does not end.
    group.cancel();
    while (group.size() > 0) context.run_one();
    ASSERT_TRUE(result && result->has_error());
    EXPECT_EQ(result->error().code, Errc::cancelled);
    EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(HttpRedirect, StaysAtItsOriginIfItHasTo) {
    WireServer other({{ok("hello")}});
    WireServer server({{redirect_to("/here"), redirect_to(other.url())}});
    auto const message =
        failure({.url = server.url(), .redirects = {.max = 5, .other_origins = false}}, Errc::denied);
    EXPECT_THAT(message, HasSubstr("but other hosts are not allowed"));
    EXPECT_EQ(other.connections(), 0U);
}

TEST_F(HttpRedirect, LeadsToNoAddressThatThePolicyForbids) {
    // 127.0.0.1 stands for the public internet, 127.0.0.2 for what is inside.
    make({.addresses = net::AddressPolicy::public_only(net::Networks::parse({"127.0.0.1"}).value())});
    WireServer server({{redirect_to("http://127.0.0.2:80/")}});
    auto const message = failure({.url = server.url(), .redirects = {.max = 1}}, Errc::denied);
    EXPECT_THAT(message, HasSubstr("address 127.0.0.2 is not public"));
}

TEST_F(HttpRedirect, LeadsOnlyToUrls) {
    for (auto const* const bad :
         {"javascript:alert(1)", "http://user:secret@localhost/", "http://[::1", "http:///"}) {
        WireServer server({{redirect_to(bad)}});
        EXPECT_THAT(failure({.url = server.url(), .redirects = {.max = 1}}),
                    HasSubstr("redirect to an invalid URL"));
    }
}
