// The header in C++: handles in unique_ptr, and exceptions from codes.
#include <eccsi_sakke.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

template <typename T, void (*Free)(T *)>
struct Freed {
    void operator()(T *handle) const { Free(handle); }
};

template <typename T, void (*Free)(T *)>
using Handle = std::unique_ptr<T, Freed<T, Free>>;

void check(es_error error) {
    if (error != ES_OK) throw std::runtime_error(es_error_text(error));
}

const std::uint8_t *octets(const std::string &text) { return reinterpret_cast<const std::uint8_t *>(text.data()); }

}  // namespace

int main() {
    const std::string id = "alice", message = "open valve 4";
    es_ksak *ksak = nullptr;
    check(es_ksak_generate(nullptr, &ksak));
    const Handle<es_ksak, es_ksak_free> kms(ksak);
    es_kpak *kpak = nullptr;
    check(es_ksak_public_key(kms.get(), &kpak));
    const Handle<es_kpak, es_kpak_free> root(kpak);
    es_issued_key *issued = nullptr;
    check(es_ksak_issue(kms.get(), octets(id), id.size(), nullptr, &issued));
    const Handle<es_issued_key, es_issued_key_free> delivered(issued);
    es_signing_key *signing = nullptr;
    check(es_issued_key_validate(delivered.get(), root.get(), octets(id), id.size(), &signing));
    const Handle<es_signing_key, es_signing_key_free> key(signing);

    std::array<std::uint8_t, ES_SIGNATURE_BYTES> signature;
    check(es_signing_key_sign(key.get(), octets(message), message.size(), nullptr, signature.data(), signature.size()));
    check(es_kpak_verify(root.get(), octets(id), id.size(), octets(message), message.size(), signature.data(),
                         signature.size()));
    signature[0] ^= 1;
    try {
        check(es_kpak_verify(root.get(), octets(id), id.size(), octets(message), message.size(), signature.data(),
                             signature.size()));
        return 1;
    } catch (const std::runtime_error &refused) {
        std::printf("refused: %s\n", refused.what());
    }
    return 0;
}
