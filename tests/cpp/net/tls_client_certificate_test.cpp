#include "authority.h"
#include "certificate.h"
#include "net/tls_certificates.h"
#include "net/tls_conn.h"
#include "run.h"
#include "tls_client.h"

#include <fmt/format.h>
#include <fstream>
#include <future>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

using test::TlsClient;
using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

/// How one handshake went.
struct Outcome {
    Result<std::string> name = std::string();  ///< as the server knows the client, or why it was refused
    bool resumed = false;
    Session session{nullptr, &SSL_SESSION_free};
};

Task<> greet(std::shared_ptr<net::TlsContext> context, test::Pair509 const* pair, SSL_SESSION* session,
             Outcome& outcome) {
    auto connected = co_await test::connected_pair();
    TlsClient const client(connected.client.get());
    if (pair != nullptr) {
        SSL_use_certificate(client.native(), pair->certificate.get());
        SSL_use_PrivateKey(client.native(), pair->key.get());
    }
    if (session != nullptr) SSL_set_session(client.native(), session);
    auto talk =
        std::async(std::launch::async, [&client] { return client.connect() ? client.read_some() : ""; });
    auto accepted = co_await net::accept_tls(std::move(connected.server), context, 1h);
    if (accepted.has_error()) {
        outcome.name = accepted.error();
        ::shutdown(connected.client.get(), SHUT_RDWR);
        talk.get();
        co_return;
    }
    auto const& conn = *accepted;
    auto const written = co_await conn->write(test::bytes_of("hello"));
    EXPECT_TRUE(written.has_value());
    EXPECT_EQ(talk.get(), "hello");
    outcome.name = std::string(conn->certificate());
    outcome.resumed = SSL_session_reused(client.native()) == 1;
    outcome.session.reset(SSL_get1_session(client.native()));
    client.shutdown();  // A session that was cut off is not resumed.
}

class TlsClientCertificate : public testing::Test {
  protected:
    void SetUp() override {
        test::write_certificate(settings, "server");
        test::write_pem(authority_file, authority);
        settings.client_authority_files = {authority_file};
        reload();
    }

    void reload() { certificates = net::TlsCertificates::load(settings).value(); }
    Outcome greet(test::Pair509 const* pair, SSL_SESSION* session = nullptr) {
        Outcome outcome;
        test::run(::greet(certificates->current(), pair, session, outcome));
        return outcome;
    }
    /// Why a client is refused.
    std::string refusal(test::Pair509 const* pair) {
        auto const outcome = greet(pair);
        EXPECT_TRUE(outcome.name.has_error()) << "it was let in as " << *outcome.name;
        if (!outcome.name.has_error()) return {};
        EXPECT_EQ(outcome.name.error().code, Errc::peer_closed);
        auto const& message = outcome.name.error().message;
        return message.substr(message.rfind(": ") + 2);
    }

    test::TemporaryDirectory directory;
    net::TlsSettings settings{directory.file("certificate.pem"), directory.file("key.pem"),
                              net::TlsVersion::tls1_2};
    std::string authority_file = directory.file("authority.pem");
    test::Pair509 authority = test::make_authority("authority");
    test::Pair509 stranger = test::make_authority("stranger");
    test::Pair509 alice = test::issue({.common_names = {"alice"}}, &authority);
    test::Pair509 mallory = test::issue({.common_names = {"alice"}}, &stranger);
    std::unique_ptr<net::TlsCertificates> certificates;
};

}  // namespace

TEST_F(TlsClientCertificate, NamesTheClientWhenItIsVerified) {
    EXPECT_EQ(greet(&alice).name.value(), "alice");
}

TEST_F(TlsClientCertificate, IsRequiredUnlessToldOtherwise) {
    EXPECT_EQ(refusal(nullptr), "peer did not return a certificate");
    settings.client_certificate_required = false;
    reload();
    EXPECT_EQ(greet(nullptr).name.value(), "");
    EXPECT_EQ(greet(&alice).name.value(), "alice");
}

TEST_F(TlsClientCertificate, NeverCountsUnverified) {
    auto const old = test::issue({.common_names = {"alice"}, .valid_for = -60}, &authority);
    auto const server = test::issue({.common_names = {"alice"}, .usage = "serverAuth"}, &authority);
    auto const alone = test::issue({.common_names = {"alice"}});
    for (bool const required : {true, false}) {
        settings.client_certificate_required = required;
        reload();
        for (auto const* const bad : {static_cast<test::Pair509 const*>(&mallory), &old, &server, &alone}) {
            EXPECT_EQ(refusal(bad), "certificate verify failed");
        }
    }
}

TEST_F(TlsClientCertificate, IsNotLookedAtWithoutAuthorities) {
    settings.client_authority_files.clear();
    reload();
    EXPECT_EQ(greet(&alice).name.value(), "");
}

TEST_F(TlsClientCertificate, IsGoodByAnAuthorityInBetween) {
    auto const between = test::issue({.common_names = {"between"}, .authority = true}, &authority);
    test::write_pem(authority_file, between);
    reload();
    auto const bob = test::issue({.common_names = {"bob"}}, &between);
    EXPECT_EQ(greet(&bob).name.value(), "bob");
    EXPECT_EQ(refusal(&alice), "certificate verify failed");
}

TEST_F(TlsClientCertificate, IsRememberedByAResumedSessionButNotBeyondAReload) {
    auto const first = greet(&alice);
    auto const second = greet(nullptr, first.session.get());
    EXPECT_TRUE(second.resumed);
    EXPECT_EQ(second.name.value(), "alice");

    test::write_pem(authority_file, stranger);
    EXPECT_TRUE(certificates->reload_if_changed().value());
    auto const third = greet(&mallory, first.session.get());
    EXPECT_FALSE(third.resumed);
    EXPECT_EQ(third.name.value(), "alice");
    EXPECT_EQ(refusal(&alice), "certificate verify failed");
}

TEST_F(TlsClientCertificate, NeedsAuthoritiesThatCanBeRead) {
    std::ofstream(authority_file) << "rubbish";
    auto const refused = net::TlsContext::load(settings);
    EXPECT_EQ(refused.error().code, Errc::config);
    EXPECT_EQ(
        refused.error().message,
        fmt::format("cannot use the TLS authority of clients `{}`: it contains no certificate in PEM form",
                    authority_file));
    EXPECT_EQ(certificates->reload_if_changed().error().code, Errc::config);
    EXPECT_EQ(greet(&alice).name.value(), "alice");
}
