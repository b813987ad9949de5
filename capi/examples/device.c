/* A device and a gateway in C: each validates what the KMS delivered, the device signs, and both derive one key.
 *
 *     cc device.c $(pkg-config --cflags --libs eccsi_sakke)
 */
#include <eccsi_sakke.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MEF "mef.example.com"
#define SP "sp.example.com"
#define GATEWAY "//sp.example.com/CSE1"
#define DEVICE "//sp.example.com/CSE1/C190XX7T"

static void check(es_error error, const char *what) {
    if (error != ES_OK) {
        fprintf(stderr, "%s: %s\n", what, es_error_text(error));
        exit(1);
    }
}

/* Who takes part: its identity, what was delivered to it, and what it made of that. */
struct party {
    const char *name;
    es_id_2 *id_2;
    char id[256], psk_identity[ES_PSK_IDENTITY_MAX + 1];
    size_t id_length;
    es_signing_key *key;
    es_credential *credential;
};

/* At the KMS: a key for an entity, valid for 30 days. SSK is secret; it travels over a confidential channel. */
static es_issued_key *issue(const es_ksak *ksak, struct party *party, uint64_t now) {
    es_issued_key *issued;
    check(es_id_2_new(MEF, strlen(MEF), party->name, strlen(party->name), now + 30 * 86400, &party->id_2), "ID_2");
    check(es_id_2_text(party->id_2, party->id, sizeof party->id, &party->id_length), "ID_2");
    check(es_ksak_issue(ksak, (const uint8_t *)party->id, party->id_length, NULL, &issued), "issue");
    return issued;
}

/* At the entity: nothing is used before it was validated. */
static void install(struct party *party, es_issued_key *issued, const es_kpak *kpak, const es_trusted *trusted,
                    uint64_t now) {
    size_t length;
    check(es_issued_key_validate(issued, kpak, (const uint8_t *)party->id, party->id_length, &party->key), "validate");
    check(es_credential_install(party->id_2, issued, kpak, trusted, now, &party->credential), "install");
    check(es_credential_psk_identity(party->credential, party->psk_identity, sizeof party->psk_identity, &length), "name");
    es_issued_key_free(issued);
    printf("%s: credential installed\n", party->name);
}

static es_shared_key *associate(const struct party *own, int32_t role, const struct party *peer,
                                const es_trusted *trusted, uint64_t now) {
    const es_side side = {own->credential, trusted, role, now, ES_DEFAULT_SKEW};
    es_shared_key *key;
    check(es_saef_derive(&side, peer->name, strlen(peer->name), peer->psk_identity, strlen(peer->psk_identity), &key),
          "associate");
    return key;
}

static void release(struct party *party) {
    es_credential_free(party->credential);
    es_signing_key_free(party->key);
    es_id_2_free(party->id_2);
}

int main(void) {
    const uint64_t now = (uint64_t)time(NULL);
    const uint8_t message[] = "open valve 4";
    struct party device, gateway;
    es_ksak *ksak;
    es_kpak *kpak;
    es_trusted *trusted;
    memset(&device, 0, sizeof device);
    memset(&gateway, 0, sizeof gateway);
    device.name = DEVICE;
    gateway.name = GATEWAY;

    check(es_ksak_generate(NULL, &ksak), "KSAK");
    check(es_ksak_public_key(ksak, &kpak), "KPAK");
    check(es_trusted_new(&trusted), "trust");
    check(es_trusted_pin(trusted, MEF, strlen(MEF), SP, strlen(SP), kpak), "pin");
    install(&device, issue(ksak, &device, now), kpak, trusted, now);
    install(&gateway, issue(ksak, &gateway, now), kpak, trusted, now);

    uint8_t signature[ES_SIGNATURE_BYTES];
    check(es_signing_key_sign(device.key, message, sizeof message - 1, NULL, signature, sizeof signature), "sign");
    printf("%s -> gateway: \"%s\", with %d octets of signature\n", device.name, (const char *)message, ES_SIGNATURE_BYTES);
    check(es_kpak_verify(kpak, (const uint8_t *)device.id, device.id_length, message, sizeof message - 1, signature,
                         sizeof signature),
          "verify");
    printf("%s: it is the device's\n", gateway.name);
    signature[10] ^= 1;
    if (es_kpak_verify(kpak, (const uint8_t *)device.id, device.id_length, message, sizeof message - 1, signature,
                       sizeof signature) != ES_INVALID_SIGNATURE)
        return 1;
    printf("%s: a changed one is refused\n", gateway.name);

    printf("device -> gateway, PSK identity: %s\n", device.psk_identity);
    printf("gateway -> device, PSK identity hint: %s\n", gateway.psk_identity);
    es_shared_key *at_device = associate(&device, ES_CLIENT, &gateway, trusted, now);
    es_shared_key *at_gateway = associate(&gateway, ES_SERVER, &device, trusted, now);
    uint8_t one[ES_SHARED_KEY_BYTES], other[ES_SHARED_KEY_BYTES];
    check(es_shared_key_expose(at_device, one, sizeof one), "key");
    check(es_shared_key_expose(at_gateway, other, sizeof other), "key");
    if (memcmp(one, other, sizeof one) != 0) return 1;
    puts("both have the same key, and nobody was asked");

    es_shared_key_free(at_gateway);
    es_shared_key_free(at_device);
    release(&gateway);
    release(&device);
    es_trusted_free(trusted);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
    return 0;
}
