#include "net/tls_identity.h"

#include "base/utf8.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <openssl/x509v3.h>
#include <string_view>

namespace ocilot::net {

namespace {

constexpr std::size_t longest_name = 255;  // Bytes.

struct NamesFree {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// The text if it can be somebody's name, else nothing.
std::string usable(std::string_view text) {
    bool const good = text.size() <= longest_name && is_utf8(text) && std::ranges::none_of(text, is_control);
    return good ? std::string(text) : std::string();
}

std::string text_of(ASN1_STRING const* value) {
    unsigned char* bytes = nullptr;
    int const size = ASN1_STRING_to_UTF8(&bytes, value);
    if (size < 0) return {};
    std::string text(reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return usable(text);
}

std::string common_name(X509_NAME const* subject) {
    int const first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    // Which of several names is meant, nobody can know.
    if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return {};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
}

std::string alternative_name(GENERAL_NAMES const* names, int kind) {
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        int found = 0;
        auto const* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &found);
        if (found == kind) return text_of(static_cast<ASN1_STRING const*>(value));
    }
    return {};
}

}  // namespace

std::string certificate_name(x509_st const* certificate) {
    auto name = common_name(X509_get_subject_name(certificate));
    if (!name.empty()) return name;
    std::unique_ptr<GENERAL_NAMES, NamesFree> const names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (!names) return {};
    for (int const kind : {GEN_URI, GEN_EMAIL, GEN_DNS}) {
        name = alternative_name(names.get(), kind);
        if (!name.empty()) return name;
    }
    return {};
}

bool has_expired(x509_st const* certificate) noexcept {
    // 0 is a time that cannot be read.
    return X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

Time expiry_of(x509_st const* certificate) noexcept {
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return Time{};
    return Time(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace ocilot::net
