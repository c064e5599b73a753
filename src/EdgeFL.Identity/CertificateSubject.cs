using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Identity;

/// <summary>The name in a certificate, and how it is spelled: a common name and exactly one alternative name, a URI.</summary>
internal readonly record struct CertificateSubject(FleetId Fleet, CertificateRole Role, string Name)
{
    private const string Prefix = "urn:edgefl:";
    private const string OperatorPrefix = "operator:";
    private const string SubjectAlternativeNameOid = "2.5.29.17";

    // GeneralName ::= CHOICE { ... uniformResourceIdentifier [6] IA5String ... }, RFC 5280 section 4.2.1.6.
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    public string Uri => Role == CertificateRole.Operator ? $"{Prefix}{Fleet}:{OperatorPrefix}{Name}" : $"{Prefix}{Fleet}:{Name}";

    public static string AuthorityUri(FleetId fleet) => $"{Prefix}{fleet}";

    /// <summary>Reads who a leaf certificate names, from its alternative name, and holds its common name against it.</summary>
    public static bool TryRead(X509Certificate2 certificate, out CertificateSubject subject)
    {
        subject = default;
        if (!TryReadUri(certificate, out string? uri) || !uri.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        ReadOnlySpan<char> rest = uri.AsSpan(Prefix.Length);
        int colon = rest.IndexOf(':');
        if (colon < 0 || !FleetId.TryParse(rest[..colon], out FleetId fleet))
            return false;
        ReadOnlySpan<char> name = rest[(colon + 1)..];
        var role = CertificateRole.Device;
        if (name.StartsWith(OperatorPrefix, StringComparison.Ordinal))
        {
            role = CertificateRole.Operator;
            name = name[OperatorPrefix.Length..];
        }
        if (!Segment.IsValid(name) || !CommonNameIs(certificate, name))
            return false;
        subject = new CertificateSubject(fleet, role, name.ToString());
        return true;
    }

    /// <summary>Reads which fleet an authority's certificate belongs to.</summary>
    public static bool TryReadAuthority(X509Certificate2 certificate, out FleetId fleet)
    {
        fleet = default;
        return TryReadUri(certificate, out string? uri) && uri.StartsWith(Prefix, StringComparison.Ordinal)
            && FleetId.TryParse(uri.AsSpan(Prefix.Length), out fleet);
    }

    private static bool TryReadUri(X509Certificate2 certificate, [NotNullWhen(true)] out string? uri)
    {
        uri = null;
        X509Extension? extension = null;
        foreach (X509Extension candidate in certificate.Extensions)
        {
            if (candidate.Oid?.Value != SubjectAlternativeNameOid)
                continue;
            if (extension is not null)
                return false;
            extension = candidate;
        }
        if (extension is null)
            return false;
        try
        {
            var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER);
            AsnReader names = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            if (!names.PeekTag().HasSameClassAndValue(UriTag))
                return false;
            uri = names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag);
            // A second name would let one certificate be two things to two readers.
            return !names.HasData;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool CommonNameIs(X509Certificate2 certificate, ReadOnlySpan<char> name)
    {
        const string commonNameOid = "2.5.4.3";
        int found = 0;
        try
        {
            foreach (X500RelativeDistinguishedName part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
            {
                if (part.HasMultipleElements)
                    return false;
                if (part.GetSingleElementType().Value != commonNameOid)
                    continue;
                found++;
                if (!name.SequenceEqual(part.GetSingleElementValue()))
                    return false;
            }
        }
        catch (CryptographicException)
        {
            return false;
        }
        return found == 1;
    }
}
