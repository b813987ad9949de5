/* Identifiers of oneM2M, and the IBC-based association between two ends. */
#include "check.h"
#include "vectors.h"

#define TEXT(text) (text), strlen(text)
#define MEF "mef.example.com"
#define SP "sp.example.com"
#define NOW 1790000000u

static void identifiers(void) {
    /* 255 octets in labels of 3. */
    char long_fqdn[256];
    memset(long_fqdn, 'a', 255);
    for (size_t i = 3; i < 255; i += 4) long_fqdn[i] = '.';
    long_fqdn[255] = 0;
    const struct {
        int kind;
        const char *text, *canonical;
        es_error error;
    } cases[] = {
        {ES_FQDN, "MEF.example.com.", MEF, ES_OK},
        {ES_FQDN, "mef", NULL, ES_FQDN_SINGLE_LABEL},
        {ES_FQDN, "192.0.2.1", NULL, ES_FQDN_NUMERIC},
        {ES_FQDN, "m\xc3\xa9.example", NULL, ES_FQDN_NOT_ASCII},
        {ES_FQDN, "-a.example", NULL, ES_FQDN_LABEL},
        {ES_FQDN, "\xff", NULL, ES_NOT_UTF8},
        {ES_FQDN, long_fqdn, NULL, ES_TEXT_TOO_LONG},
        {ES_ENTITY_NAME, "//SP.example.com/CSE1", "//sp.example.com/CSE1", ES_OK},
        {ES_ENTITY_NAME, "", NULL, ES_EMPTY},
        {ES_CSE_ID, "/CSE1", "/CSE1", ES_OK},
        {ES_CSE_ID, "/CSE1/C1", NULL, ES_ENTITY},
        {ES_AE_ID, "/CSE1/C1", "/CSE1/C1", ES_OK},
        {ES_AE_ID, "C1", NULL, ES_ENTITY},
        {ES_EXPIRATION_TIME, "20270101T000000", "20270101T000000", ES_OK},
        {ES_EXPIRATION_TIME, "20270230T000000", NULL, ES_TIME},
        {ES_ID_2, "mef.example.com@2F43534531@20270101T000000", "mef.example.com@2F43534531@20270101T000000", ES_OK},
        {ES_ID_2, "MEF.example.com@2F43534531@20270101T000000", NULL, ES_NOT_CANONICAL},
        {ES_ID_2, "mef.example.com@2F4@20270101T000000", NULL, ES_HEX_BINARY},
        {ES_ID_2, "mef.example.com@2F43534531", NULL, ES_ID_2_PARTS},
        {ES_KE_ID, "000102030405060708090a0b0c0d0e0f@mef.example.com", "", ES_OK},
        {ES_KE_ID, "00@mef.example.com", NULL, ES_QUALIFIED_PARTS},
        {ES_KEY_IDENTIFIER, "key@mef.example.com", "", ES_OK},
        {ES_KPSA_ID, "a b@mef.example.com", NULL, ES_QUALIFIED_PARTS},
        {ES_KPSA_ID, "device@mef.example.com", "", ES_OK},
        {ES_KM_ID, "client@maf.example.com", "", ES_OK},
        {ES_KPM_ID, "client@mef.example.com", "", ES_OK},
        {ES_CREDENTIAL, "11-client@maf.example.com", "", ES_OK},
        {ES_CREDENTIAL, "client", NULL, ES_CREDENTIAL_ID},
        {ES_PSK_IDENTITY_TEXT, saef_client_pskIdentity, saef_client_pskIdentity, ES_OK},
        {ES_PSK_IDENTITY_TEXT, saef_client_idText, NULL, ES_PSK_IDENTITY},
        {0, MEF, NULL, ES_VALUE},
        {14, MEF, NULL, ES_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[300] = "before";
        size_t length = 0;
        es_error got = es_identifier_canonical(cases[i].kind, TEXT(cases[i].text), out, sizeof out, &length);
        EXPECT(cases[i].error, got);
        if (got != ES_OK) {
            CHECK(strcmp(out, "before") == 0);
            continue;
        }
        CHECK(strlen(out) == length);
        CHECK(cases[i].canonical[0] == 0 || strcmp(out, cases[i].canonical) == 0);
        /* Too small by one, and just large enough. */
        EXPECT(ES_BUFFER_TOO_SMALL, es_identifier_canonical(cases[i].kind, TEXT(cases[i].text), out, length, &length));
        OK(es_identifier_canonical(cases[i].kind, TEXT(cases[i].text), out, length + 1, &length));
    }
}

static void id_2(void) {
    es_id_2 *id, *parsed;
    es_sakke_id *sakke;
    char text[128];
    size_t length;
    uint64_t seconds;
    int32_t live;

    OK(es_id_2_new(TEXT("MEF.example.com"), TEXT("/CSE1"), 1798761600u, &id));
    OK(es_id_2_text(id, text, sizeof text, &length));
    CHECK(strcmp(text, "mef.example.com@2F43534531@20270101T000000") == 0 && length == strlen(text));
    OK(es_id_2_parse(text, length, &parsed));
    OK(es_id_2_fqdn(parsed, text, sizeof text, &length));
    CHECK(strcmp(text, MEF) == 0);
    OK(es_id_2_entity(parsed, text, sizeof text, &length));
    CHECK(strcmp(text, "/CSE1") == 0);
    EXPECT(ES_BUFFER_TOO_SMALL, es_id_2_entity(parsed, NULL, 0, &length));
    CHECK(length == 5);
    OK(es_id_2_expiration(parsed, &seconds));
    CHECK(seconds == 1798761600u);
    OK(es_id_2_is_live(parsed, seconds - 1, 0, &live));
    CHECK(live == 1);
    OK(es_id_2_is_live(parsed, seconds, 0, &live));
    CHECK(live == 0);
    OK(es_id_2_is_live(parsed, seconds + 299, 300, &live));
    CHECK(live == 1);
    OK(es_id_2_sakke_id(parsed, &sakke));
    es_sakke_id_free(sakke);
    es_id_2_free(parsed);
    EXPECT(ES_TIME, es_id_2_new(TEXT(MEF), TEXT("/CSE1"), UINT64_MAX, &parsed));
    EXPECT(ES_ENTITY, es_id_2_new(TEXT(MEF), TEXT("CSE1"), 0, &parsed));
    CHECK(parsed == NULL);
    es_id_2_free(id);
}

struct asked {
    int answer;
    char entity[128];
};

static int32_t admit(void *context, const char *entity, size_t entity_length, const char *id, size_t id_length) {
    struct asked *asked = (struct asked *)context;
    CHECK(entity_length < sizeof asked->entity && id_length > 0 && id != NULL);
    memcpy(asked->entity, entity, entity_length);
    asked->entity[entity_length] = 0;
    return asked->answer;
}

static es_credential *install(const char *text, const uint8_t *ssk, const uint8_t *pvt, const es_kpak *kpak,
                              const es_trusted *trusted) {
    es_id_2 *id;
    es_issued_key *issued;
    es_credential *credential, *expired;
    OK(es_id_2_parse(text, strlen(text), &id));
    OK(es_issued_key_from_parts(ssk, 32, pvt, 65, &issued));
    OK(es_credential_install(id, issued, kpak, trusted, NOW, &credential));
    EXPECT(ES_OWN_CREDENTIAL_EXPIRED, es_credential_install(id, issued, kpak, trusted, UINT64_MAX, &expired));
    CHECK(expired == NULL);
    es_issued_key_free(issued);
    es_id_2_free(id);
    return credential;
}

static void association(void) {
    es_trusted *trusted;
    es_kpak *kpak, *other;
    es_ksak *ksak;
    es_credential *client, *server;
    es_shared_key *key, *refused;
    uint8_t id[16], kibc[32], tag[3];
    char text[300];
    size_t length;
    uint64_t seconds;

    OK(es_kpak_from_bytes(saef_client_kpak, 65, &kpak));
    OK(es_kpak_tag(kpak, tag, sizeof tag));
    CHECK(memcmp(tag, saef_client_tag, 3) == 0);
    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &other));
    OK(es_trusted_new(&trusted));
    EXPECT(ES_UNKNOWN_DOMAIN, es_trusted_roll_over(trusted, TEXT(MEF), kpak));
    OK(es_trusted_pin(trusted, TEXT(MEF), TEXT(SP), kpak));
    OK(es_trusted_pin(trusted, TEXT(MEF), TEXT(SP), kpak));
    EXPECT(ES_OTHER_KPAK_PINNED, es_trusted_pin(trusted, TEXT(MEF), TEXT(SP), other));
    EXPECT(ES_OTHER_PROVIDER, es_trusted_pin(trusted, TEXT(MEF), TEXT("other.example"), kpak));
    OK(es_trusted_serve(trusted, TEXT(MEF), TEXT("other.example")));
    OK(es_trusted_roll_over(trusted, TEXT(MEF), other));
    OK(es_kpak_tag(other, tag, sizeof tag));
    OK(es_trusted_retire(trusted, TEXT(MEF), tag, sizeof tag));
    EXPECT(ES_UNKNOWN_KPAK, es_trusted_retire(trusted, TEXT(MEF), tag, sizeof tag));

    client = install(saef_client_idText, saef_client_ssk, saef_client_pvt, kpak, trusted);
    server = install(saef_server_idText, saef_server_ssk, saef_server_pvt, kpak, trusted);
    OK(es_credential_psk_identity(client, text, sizeof text, &length));
    CHECK(strcmp(text, saef_client_pskIdentity) == 0 && length <= ES_PSK_IDENTITY_MAX);

    const es_side at_client = {client, trusted, ES_CLIENT, NOW, ES_DEFAULT_SKEW};
    const char *cse = "//sp.example.com/CSE090112";
    OK(es_saef_derive(&at_client, TEXT(cse), TEXT(saef_server_pskIdentity), &key));
    OK(es_shared_key_id(key, id, sizeof id));
    OK(es_shared_key_expose(key, kibc, sizeof kibc));
    CHECK(memcmp(id, saef_kibcId, 16) == 0 && memcmp(kibc, saef_kibc, 32) == 0);
    OK(es_shared_key_peer(key, text, sizeof text, &length));
    CHECK(strcmp(text, cse) == 0);
    OK(es_shared_key_expiration(key, &seconds));
    CHECK(seconds == 1798761600u);
    es_shared_key_free(key);

    es_side at_server = {server, trusted, ES_SERVER, NOW, ES_DEFAULT_SKEW};
    struct asked asked = {1, ""};
    OK(es_saef_derive_admitted(&at_server, admit, &asked, TEXT(saef_client_pskIdentity), &key));
    CHECK(strcmp(asked.entity, "//sp.example.com/CSE090112/C190XX7T") == 0);
    OK(es_shared_key_expose(key, kibc, sizeof kibc));
    CHECK(memcmp(kibc, saef_kibc, 32) == 0);
    es_shared_key_free(key);

    asked.answer = 0;
    EXPECT(ES_NOT_ADMITTED, es_saef_derive_admitted(&at_server, admit, &asked, TEXT(saef_client_pskIdentity), &refused));
    CHECK(refused == NULL);
    EXPECT(ES_NOT_ADMITTED, es_saef_derive(&at_server, TEXT(cse), TEXT(saef_client_pskIdentity), &refused));
    EXPECT(ES_OWN_IDENTITY, es_saef_derive(&at_client, TEXT(cse), TEXT(saef_client_pskIdentity), &refused));
    EXPECT(ES_NOT_ABSOLUTE, es_saef_derive(&at_client, TEXT("/CSE1"), TEXT(saef_server_pskIdentity), &refused));
    EXPECT(ES_PSK_IDENTITY, es_saef_derive(&at_client, TEXT(cse), TEXT("nonsense"), &refused));
    /* The identity of a provider that the domain does not serve, before the PVT of the client. */
    es_id_2 *foreign;
    OK(es_id_2_new(TEXT(MEF), TEXT("//third.example/CSE1"), 1798761600u, &foreign));
    OK(es_id_2_text(foreign, text, sizeof text, &length));
    strcat(text, strrchr(saef_client_pskIdentity, '@'));
    EXPECT(ES_FOREIGN_PROVIDER, es_saef_derive(&at_server, TEXT(cse), TEXT(text), &refused));
    es_id_2_free(foreign);
    /* Two of the first 3 000 multiples of the generator have one tag. */
    es_ksak *equal[2];
    es_kpak *tagged[2];
    const unsigned multiples[2] = {2139, 2982};
    for (int i = 0; i < 2; i++) {
        uint8_t octets[ES_KSAK_BYTES] = {0};
        octets[30] = (uint8_t)(multiples[i] >> 8);
        octets[31] = (uint8_t)multiples[i];
        OK(es_ksak_from_bytes(octets, sizeof octets, &equal[i]));
        OK(es_ksak_public_key(equal[i], &tagged[i]));
    }
    OK(es_trusted_roll_over(trusted, TEXT(MEF), tagged[0]));
    EXPECT(ES_DUPLICATE_TAG, es_trusted_roll_over(trusted, TEXT(MEF), tagged[1]));
    for (int i = 0; i < 2; i++) {
        es_kpak_free(tagged[i]);
        es_ksak_free(equal[i]);
    }
    at_server.now = 1798761600u + 100;
    EXPECT(ES_NOT_ADMITTED, es_saef_derive_admitted(&at_server, admit, &asked, TEXT(saef_client_pskIdentity), &refused));
    at_server.now += 200;
    EXPECT(ES_PEER_CREDENTIAL_EXPIRED, es_saef_derive_admitted(&at_server, admit, &asked, TEXT(saef_client_pskIdentity), &refused));
    at_server.role = 3;
    EXPECT(ES_VALUE, es_saef_derive_admitted(&at_server, admit, &asked, TEXT(saef_client_pskIdentity), &refused));
    EXPECT(ES_BAD_POINTER, es_saef_derive_admitted(&at_server, NULL, NULL, TEXT(saef_client_pskIdentity), &refused));

    es_credential_free(client);
    es_credential_free(server);
    es_trusted_free(trusted);
    es_kpak_free(other);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

void test_association(void) {
    identifiers();
    id_2();
    association();
}
